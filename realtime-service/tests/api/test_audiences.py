"""Topics of which somebody hears less than others: their own stream, under the same name, without a gap."""

from datetime import UTC, datetime

from realtime_client import RawClient
from realtime_fakes import FakeKeeper, some_principal, task_added

from shared.events.gifting import PersonState, PersonUpdated
from shared.events.topics import stream_of
from shared.ids import new_id
from shared.principal import Principal

LIST = "list:0189aaaa-0000-7000-8000-000000000001"


async def test_two_audiences_hear_their_own_streams_under_one_name(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    bert = some_principal(tenant_id=anna.tenant_id)
    keeper.create(anna.tenant_id, LIST)
    own = keep_from(keeper, anna)
    hers, his = await connect(anna), await connect(bert)
    [ack, _] = [await client.subscribe(LIST) for client in (hers, his)]

    secret = await keeper.publish(anna.tenant_id, LIST, task_added(title="secret"))
    public = await keeper.publish(anna.tenant_id, own, task_added(title="public"))

    frame, others = await hers.next(), await his.next()
    assert (frame["topic"], frame["offset"], frame["id"]) == (LIST, 1, str(public.id))
    assert (others["topic"], others["offset"], others["id"]) == (LIST, 1, str(secret.id))
    assert "secret" not in str(frame)
    assert ack["epoch"] != "epoch-1"


async def test_what_was_missed_comes_from_the_own_stream(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, LIST)
    own = keep_from(keeper, anna)
    client = await connect(anna)
    ack = await client.subscribe(LIST)
    await client.socket.close()
    await keeper.publish(anna.tenant_id, LIST, task_added(title="secret"))
    missed = await keeper.publish(anna.tenant_id, own, task_added(title="public"))

    back: RawClient = await connect(anna)
    frame = await back.subscribe(LIST, since={"epoch": ack["epoch"], "offset": ack["offset"]})

    assert (frame["id"], frame["topic"]) == (str(missed.id), LIST)
    assert (await back.next())["recovered"]


async def test_a_stream_cannot_be_asked_for_by_its_name(connect, keeper: FakeKeeper) -> None:
    anna, bert = some_principal(), some_principal()
    keeper.create(bert.tenant_id, LIST)
    client = await connect(anna)

    answer = await client.subscribe(keep_from(keeper, bert))

    assert (answer["action"], answer["code"]) == ("error", "TOPIC_NOT_FOUND")


async def test_from_whom_something_is_kept_now_hears_it_no_more(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, LIST)
    client = await connect(anna)
    before = await client.subscribe(LIST, id="mine")

    own = keep_from(keeper, anna)
    await keeper.publish(anna.tenant_id, f"person:{new_id()}", linked(anna))
    await keeper.publish(anna.tenant_id, LIST, task_added(title="secret"))
    after = await client.next()
    public = await keeper.publish(anna.tenant_id, own, task_added(title="public"))

    assert (after["action"], after["topic"], after["recovered"]) == ("subscribed", LIST, False)
    assert (after["reason"], "id" in after, before["epoch"] != after["epoch"]) == ("audience_changed", False, True)
    assert (await client.next())["id"] == str(public.id)


async def test_a_position_of_another_audience_is_not_recovered(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    for _ in range(3):
        keeper.note(anna.tenant_id, LIST)
    own = keep_from(keeper, anna)
    for _ in range(5):
        keeper.note(anna.tenant_id, own)
    client = await connect(anna)

    answer = await client.subscribe(LIST, since={"epoch": "epoch-1", "offset": 3})

    assert (answer["recovered"], answer["reason"], answer["offset"]) == (False, "epoch_changed", 5)


def keep_from(keeper: FakeKeeper, who: Principal) -> str:
    """The name of the stream on which they hear the list from now on."""
    keeper.audiences[who.user_id] = new_id()
    return stream_of(LIST, keeper.audiences[who.user_id])


def linked(who: Principal) -> PersonUpdated:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    state = PersonState(
        id=new_id(),
        tenant_id=who.tenant_id,
        name="Anna",
        relationship=None,
        birthday=None,
        notes=None,
        user_id=who.user_id,
        sizes={},
        created_by=new_id(),
        version=2,
        created_at=now,
        updated_at=now,
    )
    return PersonUpdated(
        entity_id=state.id, version=2, changed_fields=("user_id",), relinked=(who.user_id,), payload=state
    )
