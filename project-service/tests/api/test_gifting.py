"""Gift planning over HTTP: persons, occasions, lists, items on their way from idea to gift."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from gifting_household import API, Household, move_in
from project_builders import person
from project_client import ProjectClient

from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.occasions.service import OccasionService
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Role
from shared.testing.callers import GLOBEX
from shared.testing.counting import CountingDatabase


@pytest.fixture
async def home(client: ProjectClient) -> Household:
    return await move_in(client)


async def test_a_person_is_described_linked_and_found(home: Household) -> None:
    ben = home.ben
    made = await home.new(
        "persons", ben, name="Émile", birthday="2019-02-28", relationship="nephew", sizes={"shoes": "27"}
    )

    found = await home.read("persons?q=ÉMI", ben)
    detail = await home.read(f"persons/{made['id']}", ben)

    assert (found.json["total"], found.items) == (1, [made])
    assert detail.data == {**made, "history": [], "relationships": {"lists": [], "occasions": []}}
    assert detail.headers["etag"]
    assert [one["name"] for one in (await home.read("persons", ben)).items] == ["Ada", "Émile"]


async def test_a_member_is_one_person_at_most(home: Household) -> None:
    taken = {"name": "Ada again", "user_id": str(home.ada.user_id)}

    again = await home.client.send("POST", f"{API}/persons", taken, who=home.olga)
    foreign = await home.client.send(
        "POST", f"{API}/persons", {**taken, "user_id": str(person(tenant_id=GLOBEX).user_id)}, who=home.olga
    )

    assert (again.status, again.code) == (409, "PERSON_LINKED")
    assert foreign.wrong_fields == {"user_id": "not_found"}


@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER])
async def test_nobody_but_an_admin_makes_a_member_a_person_for_them(home: Household, role: Role) -> None:
    mallory, stranger = person(role), person(tenant_id=GLOBEX)
    made = await home.new("persons", mallory, name="Boss")
    path = f"{API}/persons/{made['id']}"

    refused = [
        await home.client.send(method, where, {"name": "Boss", "user_id": str(who.user_id)}, who=mallory)
        for method, where in (("POST", f"{API}/persons"), ("PATCH", path), ("PUT", path))
        for who in (home.olga, home.ada, stranger)
    ]

    assert {(answer.status, answer.code) for answer in refused} == {(403, "PERSON_LINK_NEEDS_CONSENT")}
    assert (await home.read(f"persons/{made['id']}", mallory)).data["user_id"] is None


async def test_a_member_is_made_a_person_by_themself_or_an_admin(home: Household) -> None:
    admin = person(Role.ADMIN)
    of_ben = await home.new("persons", home.ben, name="Ben")

    by_ben = await home.client.send(
        "PATCH", f"{API}/persons/{of_ben['id']}", {"user_id": str(home.ben.user_id)}, who=home.ben
    )
    by_admin = await home.client.send(
        "POST", f"{API}/persons", {"name": "Cleo", "user_id": str(home.cleo.user_id)}, who=admin
    )

    assert (by_ben.status, by_admin.status) == (200, 201)


async def test_a_link_is_not_moved_to_somebody_without_their_consent(home: Household) -> None:
    manager = person(Role.MANAGER)
    path = f"{API}/persons/{home.ada_as_person['id']}"

    moved = await home.client.send("PATCH", path, {"user_id": str(home.olga.user_id)}, who=manager)
    unchanged = await home.client.send("PATCH", path, {"user_id": str(home.ada.user_id), "name": "A."}, who=manager)

    assert (moved.status, moved.code) == (403, "PERSON_LINK_NEEDS_CONSENT")
    assert unchanged.status == 200


async def test_who_is_linked_cannot_undo_it(home: Household) -> None:
    olga_as_person = await home.new("persons", home.olga, name="Olga", user_id=str(home.olga.user_id))
    path = f"{API}/persons/{olga_as_person['id']}"

    unlinked = await home.client.send("PATCH", path, {"user_id": None}, who=home.olga)
    deleted = await home.client.send("DELETE", path, who=home.olga)
    renamed = await home.client.send("PATCH", path, {"name": "O."}, who=home.olga)

    assert [unlinked.status, deleted.status, renamed.status] == [403, 403, 200]


async def test_a_person_with_lists_stays(home: Household) -> None:
    made = await home.new("persons", home.ben, name="Dora")
    await home.new("lists", home.ben, name="For Dora", person_id=made["id"])

    answer = await home.client.send("DELETE", f"{API}/persons/{made['id']}", who=home.ben)

    assert (answer.status, answer.code) == (409, "PERSON_IN_USE")


async def test_an_occasion_knows_when_it_is_next(home: Household) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    once = await home.new("occasions", home.ben, name="Party", date=str(yesterday))
    yearly = await home.new("occasions", home.ben, name="Leap", date="1996-02-29", recurrence="yearly")

    assert once["next_date"] is None
    assert yearly["next_date"][5:] in ("02-28", "02-29")
    assert (once["kind"], once["recurrence"], once["currency"], once["timezone"]) == ("other", "none", "EUR", "UTC")


async def test_an_occasion_is_summed_up_per_person(home: Household) -> None:
    ben = home.ben
    dora = await home.new("persons", ben, name="Dora")
    occasion = await home.new(
        "occasions", ben, name="Christmas", date="2030-12-24", kind="CHRISTMAS", person_ids=[dora["id"]], budget=9000
    )
    gift = await home.new("gifts", ben, name="Drum", price=2500)
    gift_list = await home.new("lists", ben, name="Dora", person_id=dora["id"], occasion_id=occasion["id"])
    bought = await home.item(ben, gift_list, gift_id=gift["id"], quantity=2)
    await home.item(ben, gift_list)
    await home.move(ben, bought, "selected", "purchased")

    summary = (await home.read(f"occasions/{occasion['id']}/summary", home.cleo)).data

    assert (summary["budget"], summary["spent"], summary["currency"]) == (9000, 5000, "EUR")
    assert summary["people"] == [
        {
            "person_id": dora["id"], "name": "Dora", "idea": 1, "selected": 0, "purchased": 1, "received": 0,
            "budget": 9000, "spent": 5000,
        }
    ]  # fmt: skip


async def test_lists_outlive_their_occasion(home: Household) -> None:
    occasion = await home.new("occasions", home.ben, name="Picnic", date="2030-05-01")
    gift_list = await home.new("lists", home.ben, name="Picnic", occasion_id=occasion["id"])

    gone = await home.client.send("DELETE", f"{API}/occasions/{occasion['id']}", who=home.ben)

    after = (await home.read(f"lists/{gift_list['id']}", home.ben)).data
    assert (gone.status, after["occasion_id"], after["version"]) == (204, None, 2)


async def test_a_private_list_is_seen_by_its_owner_only(home: Household) -> None:
    hidden = await home.new("lists", home.ben, name="Mine", visibility="private")
    item = await home.item(home.ben, hidden)

    for path in (f"lists/{hidden['id']}", f"lists/{hidden['id']}/items", f"list-items/{item['id']}"):
        assert [(await home.read(path, who)).status for who in (home.ben, home.olga)] == [200, 404]
    assert (await home.read("lists", home.olga)).json["total"] == 0


async def test_where_everybody_saw_a_list_they_hear_that_it_is_gone_or_back(home: Household) -> None:
    occasion = await home.new("occasions", home.ben, name="Picnic", date="2030-05-01")
    gift_list = await home.new("lists", home.ben, name="Picnic", occasion_id=occasion["id"])
    await home.item(home.ben, gift_list)
    path = f"{API}/lists/{gift_list['id']}"

    for visibility in ("private", "tenant"):
        await home.client.send("PATCH", path, {"visibility": visibility}, who=home.ben)
    await home.client.send("DELETE", path, who=home.ben)

    told = ["project.list.withdrawn", "project.list.updated", "project.list.deleted"]
    for topic in ("list-items:all", f"occasion:{occasion['id']}"):
        assert [event.type for event in await home.client.events(home.olga, topic)][-3:] == told
    own = [event.type for event in await home.client.events(home.ben, f"list:{gift_list['id']}")]
    assert told[0] not in own


async def test_an_item_goes_one_step_at_a_time(home: Household) -> None:
    item = await home.item(home.ben, await home.wishlist(home.ben))

    skipped = await home.move(home.ben, item, "purchased")
    selected = await home.move(home.ben, item, "selected")
    by_another = await home.move(home.cleo, item, "idea")
    received = await home.move(home.cleo, item, "purchased", "received")
    back = await home.move(home.ben, item, "idea")
    by_admin = await home.move(home.olga, item, "selected")

    assert (skipped.status, skipped.code) == (409, "LIST_ITEM_INVALID_TRANSITION")
    assert skipped.json["error"]["details"]["current"]["status"] == "idea"
    assert (selected.data["status"], selected.data["assigned_to"]) == ("selected", str(home.ben.user_id))
    assert (by_another.status, received.data["status"], back.data["status"]) == (409, "received", "idea")
    assert (by_admin.status, by_admin.data["version"]) == (200, 6)


async def test_of_two_claimers_one_wins(home: Household) -> None:
    gift_list = await home.wishlist(home.ben)
    items = [await home.item(home.ben, gift_list) for _ in range(5)]

    for item in items:
        moves = await asyncio.gather(*(home.move(who, item, "selected") for who in (home.ben, home.cleo, home.olga)))
        assert sorted(answer.status for answer in moves) == [200, 409, 409]
        [won] = [answer.data for answer in moves if answer.status == 200]
        assert {
            answer.json["error"]["details"]["current"]["assigned_to"] for answer in moves if answer.status == 409
        } == {won["assigned_to"]}


async def test_a_gift_can_be_shared(home: Household) -> None:
    item = await home.item(home.ben, await home.wishlist(home.ben))

    first = await home.assign(home.ben, item, home.ben, share=40)
    second = await home.assign(home.cleo, item, home.cleo, share=60)
    third = await home.assign(home.olga, item, home.olga, share=1)
    given_back = await home.assign(home.ben, item, None)

    assert second.data["shares"] == [
        {"user_id": str(home.ben.user_id), "share": 40},
        {"user_id": str(home.cleo.user_id), "share": 60},
    ]
    assert (first.data["assigned_to"], second.data["assigned_to"]) == (str(home.ben.user_id), str(home.ben.user_id))
    assert (third.status, third.code) == (409, "LIST_ITEM_CLAIMED")
    assert (given_back.data["assigned_to"], len(given_back.data["shares"])) == (str(home.cleo.user_id), 1)


async def test_nobody_is_given_their_own_gift_or_made_a_giver_from_outside(home: Household) -> None:
    item = await home.item(home.ben, await home.wishlist(home.ben))

    answers = [await home.assign(home.ben, item, who) for who in (home.ada, person(), person(tenant_id=GLOBEX))]

    assert [answer.wrong_fields for answer in answers] == [{"user_id": "not_found"}] * 3


async def test_writes_say_which_version_they_replace(home: Household) -> None:
    item = await home.item(home.ben, await home.wishlist(home.ben))
    path = f"{API}/list-items/{item['id']}"

    changed = await home.client.send("PATCH", path, {"notes": "blue"}, who=home.ben, headers={"If-Match": '"1"'})
    stale = await home.client.send(
        "PUT", path + "/status", {"status": "selected"}, who=home.ben, headers={"If-Match": '"1"'}
    )
    same = await home.client.send("PATCH", path, {"notes": "blue"}, who=home.ben)

    assert (changed.data["version"], same.data["version"]) == (2, 2)
    assert (stale.status, stale.json["error"]["details"]["current"]) == (412, changed.data)


async def test_a_deleted_gift_leaves_its_name(home: Household) -> None:
    gift = await home.new("gifts", home.ben, name="Telescope")
    item = await home.item(home.ben, await home.wishlist(home.ben), gift_id=gift["id"], name=None)

    gone = await home.client.send("DELETE", f"{API}/gifts/{gift['id']}", who=home.ben)

    after = (await home.read(f"list-items/{item['id']}", home.ben)).data
    assert (gone.status, after["gift_id"], after["name"], after["version"]) == (204, None, "Telescope", 2)


async def test_gifts_are_searched_in_name_notes_and_tags(home: Household) -> None:
    for fields in (
        {"name": "Red Kite"},
        {"name": "Rope", "notes": "for the kite"},
        {"name": "Ball", "tags": ["Kites"]},
    ):
        await home.new("gifts", home.ben, **fields)
    await home.new("gifts", home.ben, name="Boat", price=100)

    found = await home.read("gifts/search?q=KITE", home.cleo)

    assert found.json["total"] == 3
    assert (await home.read("gifts?tag=Kites", home.cleo)).json["total"] == 1
    assert (await home.read("gifts/search", home.cleo)).wrong_fields == {"query.q": "required"}


async def test_the_dashboard_shows_everything_at_a_glance(home: Household) -> None:
    occasion = await home.new("occasions", home.ben, name="Soon", date="2099-01-01")
    gift_list = await home.new("lists", home.ben, name="L", occasion_id=occasion["id"])
    items = [await home.item(home.ben, gift_list, name=str(number)) for number in range(3)]
    await home.move(home.ben, items[0], "selected")

    board = (await home.read("dashboard", home.cleo)).data

    assert board["next_occasion"]["id"] == occasion["id"]
    assert board["pipeline"] == {"idea": 2, "selected": 1, "purchased": 0, "received": 0}
    assert [person["name"] for person in board["people"]] == ["Ada"]
    assert [item["name"] for item in board["ideas"]] == ["2", "1"]


async def test_overviews_cost_as_many_queries_whatever_there_is(home: Household, database: Database) -> None:
    counting = CountingDatabase(database)
    counted, clock = cast(Database, counting), SystemClock()
    occasion = await home.new("occasions", home.ben, name="Party", date="2099-01-01")
    gift_list = await home.wishlist(home.ben, occasion_id=occasion["id"])

    numbers = set()
    for _ in range(2):
        await home.item(home.ben, gift_list)
        counting.statements.clear()
        await DashboardService(counted, clock).get(home.ben)
        on_dashboard = len(counting.statements)
        await OccasionService(counted, clock).summary(home.ben, UUID(occasion["id"]))
        numbers.add((on_dashboard, len(counting.statements) - on_dashboard))

    assert numbers == {(5, 1)}


BAD = [
    ("persons", {"name": " "}, "name"),
    ("persons", {"name": "a\u0000b"}, "name"),
    ("persons", {"name": "x", "birthday": "2021-02-29"}, "birthday"),
    ("persons", {"name": "x", "sizes": {"": "1"}}, None),
    ("persons", {"name": "x", "tenant_id": str(new_id())}, "tenant_id"),
    ("occasions", {"name": "x"}, "date"),
    ("occasions", {"name": "x", "date": "2030-01-01", "timezone": "Mars/Base"}, "timezone"),
    ("occasions", {"name": "x", "date": "2030-01-01", "budget": -1}, "budget"),
    ("occasions", {"name": "x", "date": "2030-01-01", "budget": 10**30}, "budget"),
    ("occasions", {"name": "x", "date": "2030-01-01", "currency": "eur"}, "currency"),
    ("occasions", {"name": "x", "date": "2030-01-01", "person_ids": [str(new_id())]}, "person_ids[0]"),
    ("lists", {"name": "x", "person_id": str(new_id())}, "person_id"),
    ("lists", {"name": "x", "occasion_id": str(new_id())}, "occasion_id"),
    ("lists", {"name": "x", "type": "poem"}, "type"),
    ("lists", {"name": "x", "reveal_at": "0001-01-01T00:00:00Z"}, "reveal_at"),
    ("gifts", {}, "name"),
    ("gifts", {"url": "javascript:alert(1)"}, "url"),
    ("gifts", {"name": "x", "price": 1.5}, "price"),
    ("gifts", {"name": "x", "metadata_status": "ready"}, "metadata_status"),
    ("gifts/preview-url", {"url": "ftp://example.com"}, "url"),
]


@pytest.mark.parametrize(("path", "body", "field"), BAD)
async def test_bad_input_names_its_field(home: Household, path: str, body: dict[str, Any], field: str | None) -> None:
    answer = await home.client.send("POST", f"{API}/{path}", body, who=home.ben)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
    assert field is None or field in answer.wrong_fields


async def test_an_item_is_something(home: Household) -> None:
    gift_list = await home.wishlist(home.ben)
    path = f"{API}/lists/{gift_list['id']}/items"

    empty = await home.client.send("POST", path, {"quantity": 2}, who=home.ben)
    foreign = await home.client.send("POST", path, {"gift_id": str(new_id())}, who=home.ben)
    many = await home.client.send("POST", path, {"name": "x", "quantity": 0}, who=home.ben)

    assert empty.wrong_fields == {"name": "required"}
    assert foreign.wrong_fields == {"gift_id": "not_found"}
    assert many.wrong_fields == {"quantity": "out_of_range"}


async def test_pages_and_cursors_walk_the_same_order(home: Household) -> None:
    gift_list = await home.wishlist(home.ben)
    made = [await home.item(home.ben, gift_list, name=str(number)) for number in range(5)]
    base = f"lists/{gift_list['id']}/items?page_size=2"

    for sort, expected in (("created_at", made), ("-updated_at", made[::-1])):
        seen, cursor = [], ""
        while cursor is not None:
            page = (await home.read(f"{base}&sort={sort}{cursor}", home.ben)).json
            seen += page["items"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == expected
    for path, sorts in (
        ("persons", ("name", "-created_at")),
        ("occasions", ("date", "name", "created_at")),
        ("lists", ("name", "updated_at")),
        ("gifts", ("name", "-updated_at")),
    ):
        for sort in sorts:
            assert (await home.read(f"{path}?sort={sort}", home.ben)).status == 200
        assert (await home.read(f"{path}?sort=secret", home.ben)).status == 422


async def test_a_repeated_post_is_answered_alike(home: Household) -> None:
    body, headers = {"name": "Once"}, {"Idempotency-Key": "one"}

    for path in ("persons", "lists", "gifts"):
        answers = [
            await home.client.send(
                "POST", f"{API}/{path}", body, who=home.ben, headers=headers | {"Idempotency-Key": path}
            )
            for _ in range(2)
        ]
        assert answers[0].data == answers[1].data


async def test_a_viewer_only_reads(home: Household) -> None:
    viewer = person(Role.VIEWER)
    item = await home.item(home.ben, await home.wishlist(home.ben))

    assert (await home.move(viewer, item, "selected")).status == 403
    assert (await home.read(f"list-items/{item['id']}", viewer)).status == 200
