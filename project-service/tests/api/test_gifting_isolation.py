"""Every operation of gift planning, asked by everybody, and by strangers of another tenant."""

from collections import defaultdict
from typing import Any

import pytest
from gifting_household import Household, move_in
from gifting_matrix import PLANNING
from project_builders import person
from project_client import ProjectClient

from project_service.gifting.parts import ROUTES
from shared.ids import new_id
from shared.principal import Role
from shared.testing.callers import GLOBEX
from shared.testing.isolation import answered_alike, operations_of

OPERATIONS = sorted(PLANNING)
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1]]


def test_every_operation_has_its_row() -> None:
    assert set(operations_of(ROUTES)) <= PLANNING.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(client: ProjectClient, method: str, path: str) -> None:
    row, home = PLANNING[method, path], await move_in(client)
    ids = await fill(home)
    callers = (person(Role.VIEWER), home.ada, home.cleo, home.ben)

    target = path.format(**ids) + row.query.format(**ids)
    got = [(await client.send(method, target, filled(row.body, ids), who=who)).status for who in callers]

    assert got == [row.viewer, row.subject, row.colleague, row.maker]


async def test_foreign_ids_are_answered_as_made_up_ones(client: ProjectClient) -> None:
    stranger = person(Role.OWNER, GLOBEX)
    theirs = await fill(await move_in(client))
    made_up = {name: str(new_id()) for name in theirs}

    for method, path in WITH_ID:
        paths = [path.format(**ids) for ids in (theirs, made_up, dict.fromkeys(theirs, "1"))]
        body = filled(PLANNING[method, path].body, theirs)
        answer = await answered_alike(client, method, paths, body, who=stranger)
        assert answer.status == 404, (method, path)


async def test_nobody_gets_in_without_an_identity(client: ProjectClient) -> None:
    for method, path in OPERATIONS:
        answer = await client.send(method, path.format_map(defaultdict(new_id)), who=None)
        assert (answer.status, answer.code) == (401, "AUTH_REQUIRED"), (method, path)


async def test_lists_hold_nothing_of_another_tenant(client: ProjectClient) -> None:
    await fill(await move_in(client))
    stranger = person(Role.OWNER, GLOBEX)

    for path in ("persons", "occasions", "lists", "gifts", "gifts/search?q=a"):
        listed = (await client.send("GET", f"/api/v1/{path}", who=stranger)).json
        assert (listed["items"], listed["total"]) == ([], 0)


async def test_foreign_things_in_a_body_are_made_up_ones(client: ProjectClient) -> None:
    theirs, stranger = await fill(await move_in(client)), person(Role.OWNER, GLOBEX)
    own = await client.create("/api/v1/lists", {"name": "Own"}, who=stranger)

    for path, body, field in (
        ("lists", {"name": "x", "person_id": theirs["person_id"]}, "person_id"),
        ("lists", {"name": "x", "occasion_id": theirs["occasion_id"]}, "occasion_id"),
        (f"lists/{own['id']}/items", {"gift_id": theirs["gift_id"]}, "gift_id"),
        ("comments", {"entity_type": "list", "entity_id": theirs["list_id"], "body": "!"}, "entity_id"),
    ):
        answer = await client.send("POST", f"/api/v1/{path}", body, who=stranger)
        assert answer.wrong_fields == {field: "not_found"}


async def test_what_is_said_about_a_foreign_thing_is_as_absent_as_a_made_up_one(client: ProjectClient) -> None:
    theirs, stranger = await fill(await move_in(client)), person(Role.OWNER, GLOBEX)

    for kind in ("list", "list_item", "gift", "occasion", "person"):
        about = f"/api/v1/comments?entity_type={kind}&entity_id="
        foreign = await client.send("GET", about + theirs[f"{kind}_id"], who=stranger)
        made_up = await client.send("GET", about + str(new_id()), who=stranger)
        assert (foreign.status, foreign.code) == (404, f"{kind.upper()}_NOT_FOUND")
        assert foreign.without_trace == made_up.without_trace


async def fill(home: Household) -> dict[str, str]:
    """One of everything, made by Ben for Ada: their ids, by the names that they have in paths."""
    made = await home.new("persons", home.ben, name="Gran")
    occasion = await home.new("occasions", home.ben, name="Birthday", date="2030-05-01", person_ids=[made["id"]])
    async with home.client.database.unit_of_work(home.ben.tenant_id) as work:
        sql = "update gift_persons set created_by = $1 where id = $2"
        await work.execute(sql, home.ben.user_id, home.ada_as_person["id"])
    gift_list = await home.wishlist(home.ben, occasion_id=occasion["id"])
    gift = await home.new("gifts", home.ben, name="A kite")
    item = await home.item(home.ben, gift_list, gift_id=gift["id"])
    about = {"entity_type": "list", "entity_id": gift_list["id"], "body": "Shall we?"}
    return {
        "person_id": home.ada_as_person["id"],
        "occasion_id": occasion["id"],
        "list_id": gift_list["id"],
        "list_item_id": item["id"],
        "gift_id": gift["id"],
        "comment_id": (await home.new("comments", home.ben, **about))["id"],
    }


def filled(body: Any, ids: dict[str, str]) -> Any:
    """`body` with the ids that it names in braces."""
    return body and {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
