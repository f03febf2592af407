"""What a list keeps from the one it is for: in every answer, in every stream, to the last offset."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from gifting_household import API, Household, Json, move_in
from project_builders import person
from project_client import ProjectClient

from shared.events.changes import may_be_told
from shared.events.envelope import Envelope, decode
from shared.events.questions import GiftRecipient, TopicNotFound, TopicPosition, TopicReplay
from shared.events.registry import default_registry
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.eventually import eventually


@pytest.fixture
async def home(client: ProjectClient) -> Household:
    return await move_in(client)


@pytest.fixture
def requests(home: Household, bus: MemoryBus) -> Requests:
    """Asks the running service."""
    return Requests(bus)


async def test_claims_are_hidden_from_the_person(home: Household) -> None:
    gift_list = await home.wishlist(home.ada)
    wish = await home.item(home.ada, gift_list)
    before = await home.read(f"list-items/{wish['id']}", home.ada)

    await home.move(home.ben, wish, "selected", "purchased")

    after = await home.read(f"list-items/{wish['id']}", home.ada)
    assert after.without_trace == before.without_trace
    assert after.headers["etag"] == before.headers["etag"]
    assert after.data == {**wish, "status": None, "assigned_to": None, "shares": [], "version": 1}
    assert (await home.read(f"list-items/{wish['id']}", home.cleo)).data["status"] == "purchased"


async def test_what_others_add_is_not_there_for_the_person(home: Household) -> None:
    gift_list = await home.wishlist(home.ada)
    await home.item(home.ada, gift_list, name="Own wish")
    gift = await home.new("gifts", home.ben, name="Surprise")
    surprise = await home.item(home.ben, gift_list, gift_id=gift["id"])
    ideas = await home.wishlist(home.ben, type="ideas", name="For Ada")

    for path, code in (
        (f"list-items/{surprise['id']}", "LIST_ITEM_NOT_FOUND"),
        (f"gifts/{gift['id']}", "GIFT_NOT_FOUND"),
        (f"lists/{ideas['id']}", "LIST_NOT_FOUND"),
    ):
        assert [(await home.read(path, who)).status for who in (home.ada, home.cleo)] == [404, 200]
        assert (await home.read(path, home.ada)).code == code
    assert (await home.read(f"lists/{gift_list['id']}/items", home.ada)).json["total"] == 1
    assert (await home.read("gifts", home.ada)).json["total"] == 0
    assert (await home.read("gifts/search?q=surprise", home.ada)).json["total"] == 0
    assert (await home.read("lists", home.ada)).json["total"] == 1


async def test_the_person_can_neither_claim_nor_reveal(home: Household) -> None:
    gift_list = await home.wishlist(home.ada)
    wish = await home.item(home.ada, gift_list)
    revealing = {"reveal_at": "2020-01-01T00:00:00Z"}

    answers = [
        await home.move(home.ada, wish, "selected"),
        await home.assign(home.ada, wish, home.ada),
        await home.client.send("PATCH", f"{API}/lists/{gift_list['id']}", revealing, who=home.ada),
        await home.client.send("PATCH", f"{API}/persons/{home.ada_as_person['id']}", {"user_id": None}, who=home.ada),
    ]

    assert [answer.status for answer in answers] == [403] * 4


async def test_a_public_change_moves_the_public_version_only_by_itself(home: Household) -> None:
    wish = await home.item(home.ada, await home.wishlist(home.ada))
    await home.move(home.ben, wish, "selected", "purchased")
    path = f"{API}/list-items/{wish['id']}"

    changed = await home.client.send("PATCH", path, {"notes": "blue"}, who=home.ada, headers={"If-Match": '"1"'})

    assert (changed.status, changed.data["version"]) == (200, 2)
    assert (await home.read(f"list-items/{wish['id']}", home.ben)).data["version"] == 4


async def test_everything_shows_once_it_is_revealed(home: Household) -> None:
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    gift_list = await home.wishlist(home.ben, type="ideas", reveal_at=past)
    item = await home.item(home.ben, gift_list)
    await home.move(home.ben, item, "selected", "purchased")

    seen = (await home.read(f"list-items/{item['id']}", home.ada)).data

    assert (seen["status"], seen["version"]) == ("purchased", 3)
    history = await home.read(f"persons/{home.ada_as_person['id']}/history", home.ada)
    assert [given["id"] for given in history.items] == [item["id"]]


async def test_sums_and_counts_leave_out_what_is_kept(home: Household) -> None:
    occasion = await home.new("occasions", home.olga, name="Birthday", date="2099-01-01", budget=100)
    gift_list = await home.wishlist(home.ada, occasion_id=occasion["id"])
    paths = ("dashboard", f"occasions/{occasion['id']}/summary", f"persons/{home.ada_as_person['id']}/history")
    before = [await home.read(path, home.ada) for path in paths]

    wish = await home.item(home.ben, gift_list)
    await home.move(home.ben, wish, "selected", "purchased")

    after = [await home.read(path, home.ada) for path in paths]
    assert [answer.without_trace for answer in after[1:]] == [answer.without_trace for answer in before[1:]]
    assert after[0].data["pipeline"] == before[0].data["pipeline"]
    assert (await home.read(paths[1], home.cleo)).data["people"][0]["purchased"] == 1


async def test_what_others_say_about_a_list_is_kept_as_well(home: Household) -> None:
    gift_list = await home.wishlist(home.ada)
    about = {"entity_type": "list", "entity_id": gift_list["id"]}
    path = f"comments?entity_type=list&entity_id={gift_list['id']}"
    own = await home.new("comments", home.ada, **about, body="Thank you!")
    reply = await home.new("comments", home.ben, **about, body="She has no idea", parent_id=own["id"])

    assert (await home.read(path, home.ada)).items == [own]
    assert (await home.read(path, home.cleo)).json["total"] == 2
    edited = await home.client.send("PATCH", f"{API}/comments/{reply['id']}", {"body": "?"}, who=home.ada)
    answered = await home.client.send(
        "POST", f"{API}/comments", {**about, "body": "!", "parent_id": reply["id"]}, who=home.ada
    )
    assert (edited.code, answered.wrong_fields) == ("COMMENT_NOT_FOUND", {"parent_id": "not_found"})
    assert (await home.client.send("DELETE", f"{API}/comments/{own['id']}", who=home.ada)).status == 204
    assert (await home.read(path, home.ada)).json["total"] == 0


@pytest.mark.parametrize("how", ["item", "gift of the item", "list"])
async def test_what_others_say_about_a_wish_is_kept_when_it_is_taken_back(home: Household, how: str) -> None:
    gift = await home.new("gifts", home.ada, name="A drum")
    wishes = await home.wishlist(home.ada)
    wish = await home.item(home.ada, wishes, gift_id=gift["id"])
    remark = await home.new("comments", home.ben, entity_type="gift", entity_id=gift["id"], body="I have it already")
    about = f"comments?entity_type=gift&entity_id={gift['id']}"

    if how == "gift of the item":
        await home.client.send("PATCH", f"{API}/list-items/{wish['id']}", {"gift_id": None}, who=home.ada)
    else:
        path = f"list-items/{wish['id']}" if how == "item" else f"lists/{wishes['id']}"
        await home.client.send("DELETE", f"{API}/{path}", who=home.ada)

    assert (await home.read(about, home.ada)).items == []
    assert (await home.read(about, home.cleo)).items == [remark]
    assert (await home.read(f"gifts/{gift['id']}", home.ada)).data == gift


async def test_the_person_follows_streams_of_their_own_without_gaps(home: Household, requests: Requests) -> None:
    gift_list = await home.wishlist(home.ada)
    wish = await home.item(home.ada, gift_list)
    await home.move(home.ben, wish, "selected")
    await home.item(home.ben, gift_list, name="Surprise")
    await home.client.send("PATCH", f"{API}/list-items/{wish['id']}", {"notes": "blue"}, who=home.ada)
    topic = f"list:{gift_list['id']}"

    hers, everybodys = [await replayed(requests, who, topic) for who in (home.ada, home.cleo)]

    assert [envelope.type for envelope in hers] == [
        "project.list.added",
        "project.list_item.added",
        "project.list_item.updated",
    ]
    assert [place(envelope, topic) for envelope in hers] == [1, 2, 3]
    assert [envelope.type.rpartition(".")[2] for envelope in everybodys] == [
        "added",
        "added",
        "status_changed",
        "added",
        "updated",
    ]
    payloads = [payload(envelope) for envelope in hers[1:]]
    assert [(one["status"], one["assigned_to"], one["version"]) for one in payloads] == [
        (None, None, 1),
        (None, None, 2),
    ]
    assert payloads[-1] == (await home.read(f"list-items/{wish['id']}", home.ada)).data
    assert payload(everybodys[-1]) == (await home.read(f"list-items/{wish['id']}", home.ben)).data


@pytest.mark.parametrize("name", ["list-items:all", "occasion", "person"])
async def test_topics_of_the_tenant_have_a_stream_for_each_person(
    home: Household, requests: Requests, name: str
) -> None:
    occasion = await home.new("occasions", home.olga, name="Birthday", date="2099-01-01")
    ids = {"occasion": occasion["id"], "person": home.ada_as_person["id"]}
    topic = f"{name}:{ids[name]}" if name in ids else name
    gift_list = await home.wishlist(home.ada, occasion_id=occasion["id"])
    wish = await home.item(home.ada, gift_list)
    before = [await position(requests, who, topic) for who in (home.ada, home.cleo)]

    await home.move(home.ben, wish, "selected")
    await home.wishlist(home.ben, type="ideas", occasion_id=occasion["id"])

    after = [await position(requests, who, topic) for who in (home.ada, home.cleo)]
    assert after[0] == before[0]
    assert after[1].offset > before[1].offset
    assert after[0].epoch != after[1].epoch


async def test_a_list_that_is_not_seen_is_not_followed(home: Household, requests: Requests) -> None:
    ideas = await home.wishlist(home.ben, type="ideas")
    item = await home.item(home.ben, ideas)
    private = await home.wishlist(home.ben, visibility="private", person_id=None)
    own_stream = (await position(requests, home.ada, "list-items:all")).stream

    for who, topic in (
        (home.ada, f"list:{ideas['id']}"),
        (home.ada, f"comments:list_item:{item['id']}"),
        (home.olga, f"list:{private['id']}"),
        (home.ben, own_stream),
        (home.ben, "list-items:some"),
    ):
        with pytest.raises(TopicNotFound):
            await position(requests, who, topic)


async def test_other_outlets_are_told_by_the_events_whom_they_may_show_them(home: Household) -> None:
    gift_list = await home.wishlist(home.ada)
    wish = await home.item(home.ada, gift_list)
    await home.move(home.ben, wish, "selected")
    surprise = await home.new("gifts", home.ben, name="Surprise")
    everything = await published(home)

    shown = {who.user_id: [e for e in everything if may_be_told(e, who.user_id)] for who in (home.ada, home.cleo)}

    assert not [event for event in shown[home.ada.user_id] if event.type.endswith("status_changed")]
    assert str(surprise["id"]) not in {str(event.entity_id) for event in shown[home.ada.user_id]}
    assert [event for event in shown[home.cleo.user_id] if event.type.endswith("status_changed")]
    for events in shown.values():
        assert len([event for event in events if event.type == "project.list_item.added"]) == 1


async def test_a_webhook_hears_what_its_maker_may_know(home: Household) -> None:
    await home.new("persons", person(Role.ADMIN), name="Olga", user_id=str(home.olga.user_id))
    hooks = {
        who: await home.new("webhooks", who, url="https://example.invalid/hook", events=["list_item.*"])
        for who in (home.olga, person(Role.ADMIN))
    }
    gift_list = await home.wishlist(home.ada)
    anybody = await home.new("persons", home.ada, name="Anybody")
    for_olga = (await home.read("persons?q=Olga", home.ben)).items[0]
    hers = await home.wishlist(home.ben, person_id=for_olga["id"])
    await home.item(home.ben, hers, name="Surprise")
    await home.item(home.ada, await home.wishlist(home.ada, person_id=anybody["id"]), name="For anybody")
    await home.item(home.ben, gift_list, name="For Ada")

    async def told(who: Principal) -> list[str]:
        bodies = await home.client.database.system_rows(
            "select b.body from webhook_deliveries d join webhook_bodies b using (event_id)"
            " where d.webhook_id = $1 order by d.occurred_at",
            hooks[who]["id"],
        )
        return [msgspec.json.decode(row["body"])["data"]["payload"]["name"] for row in bodies]

    olga, admin = hooks
    await eventually(lambda: _has(told(admin), 3))
    assert await told(admin) == ["Surprise", "For anybody", "For Ada"]
    assert await told(olga) == ["For anybody", "For Ada"]


async def test_who_is_a_person_here_learns_nothing_from_webhooks_of_others(home: Household) -> None:
    await home.new("persons", person(Role.ADMIN), name="Olga", user_id=str(home.olga.user_id))
    admin = person(Role.ADMIN)
    hook = await home.new("webhooks", admin, url="https://example.invalid/hook", events=["*"])
    own = await home.new("webhooks", home.olga, url="https://example.invalid/own", events=["*"])

    def asked(who: Principal, one: Json) -> list[Awaitable[Any]]:
        path = f"{API}/webhooks/{one['id']}"
        return [
            home.client.send("PATCH", path, {"url": "https://example.invalid/mine"}, who=who),
            home.client.send("POST", f"{path}/rotate-secret", who=who),
            home.client.send("GET", f"{path}/deliveries", who=who),
            home.client.send("POST", f"{path}/deliveries/{own['id']}/redeliver", who=who),
            home.client.send("POST", f"{path}/test", who=who),
            home.client.send("GET", path, who=who),
            home.client.send("DELETE", path, who=who),
        ]

    refused = [(await each).status for each in asked(home.olga, hook)]
    allowed = [(await each).status for each in asked(home.olga, own)]

    assert refused == [403, 403, 403, 403, 403, 200, 204]
    assert allowed == [200, 200, 200, 404, 202, 200, 204]


async def test_others_learn_who_is_a_person_here(home: Household, requests: Requests) -> None:
    answers = [await requests.ask(GiftRecipient(principal=who)) for who in (home.ada, home.ben)]

    assert [answer.is_recipient for answer in answers] == [True, False]


async def test_activity_shows_what_may_be_known(home: Household) -> None:
    wish = await home.item(home.ada, await home.wishlist(home.ada))
    await home.move(home.ben, wish, "selected")
    await eventually(lambda: _has_activity(home, home.cleo, "list_item.status_changed"))

    hers = [one["type"] for one in (await home.read("dashboard", home.ada)).data["activity"]]

    assert hers == ["list_item.added", "list.added", "person.added"]


async def test_a_link_begins_new_streams(home: Household, requests: Requests) -> None:
    gift_list = await home.wishlist(home.ben, person_id=None)
    topic = f"list:{gift_list['id']}"
    before = await position(requests, home.cleo, topic)

    linked = await home.new("persons", person(Role.ADMIN), name="Cleo", user_id=str(home.cleo.user_id))
    await home.item(home.ben, gift_list)

    after = await position(requests, home.cleo, topic)
    assert (before.stream, before.offset, after.offset) == (topic, 1, 1)
    assert after.stream.startswith(f"{topic}#")
    answer = await requests.ask(
        TopicReplay(principal=home.cleo, topic=topic, epoch=before.epoch, after=1), service="project"
    )
    assert answer.reason == "epoch_changed"
    assert (await home.client.events(home.ben, f"person:{linked['id']}"))[0].type == "project.person.added"


async def position(requests: Requests, who: Principal, topic: str) -> Any:
    return await requests.ask(TopicPosition(principal=who, topic=topic), service="project")


async def replayed(requests: Requests, who: Principal, topic: str) -> list[Envelope]:
    here = await position(requests, who, topic)
    question = TopicReplay(principal=who, topic=topic, epoch=here.epoch, after=0)
    return [decode(bytes(raw)) for raw in (await requests.ask(question, service="project")).events]


def place(envelope: Envelope, topic: str) -> int:
    [offset] = [one.offset for one in envelope.topics if one.topic.startswith(f"{topic}#")]
    return offset


def payload(envelope: Envelope) -> Json:
    return msgspec.json.decode(envelope.data)["payload"]  # type: ignore[no-any-return]


async def published(home: Household) -> list[Any]:
    """Everything that services other than live delivery read."""
    rows = await home.client.database.system_rows("select type, data from outbox order by seq")
    registry = default_registry()
    return [msgspec.json.decode(row["data"], type=registry.contract(row["type"])) for row in rows]


async def _has(asked: Awaitable[list[str]], number: int) -> bool:
    return len(await asked) == number


async def _has_activity(home: Household, who: Principal, kind: str) -> bool:
    return kind in [one["type"] for one in (await home.read("dashboard", who)).data["activity"]]
