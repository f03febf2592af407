"""Workspace sessions: strictly one's own, changed in parts, forked whole, found by their tags."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from project_builders import person
from project_client import SESSIONS, ProjectClient, session_path
from project_people import introduce

from project_service.sessions.service import TOUCHED_EVERY, SessionService
from shared.db.databases import Database
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.testing.counting import CountingDatabase
from shared.testing.eventually import eventually
from shared.testing.members import left, tell

STATE = {
    "editor_state": {"open": ["main.py"], "cursor": {"line": 3, "ünïcode": "\u2028😀"}},
    "terminal_state": {"history": ["ls", "cd"], "size": [80.5, -24]},
    "breakpoints": [{"file": "main.py", "line": 10**15}],
    "context_files": ["a.py", None, True],
    "memory": "any JSON will do",
}


class MovableClock:
    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time


async def test_a_session_is_kept_as_it_was_sent(client: ProjectClient) -> None:
    ada, conversation = person(), "0197c0de-0000-7000-8000-000000000001"
    project = await client.new_project(ada)
    facts = {"project_id": project["id"], "conversation_id": conversation, "tags": ["Moon", "moon", " lander "]}

    made = await client.new_session(ada, **facts, **STATE)
    read = await client.send("GET", session_path(made), who=ada)

    assert read.data == made
    assert {part: made[part] for part in STATE} == STATE
    assert made["tags"] == ["Moon", "lander"]
    assert (made["project_id"], made["conversation_id"]) == (project["id"], conversation)
    assert (made["user_id"], made["parent_session_id"], made["version"]) == (str(ada.user_id), None, 1)
    bare = await client.new_session(ada)
    cleared = await client.new_session(ada, **dict.fromkeys(STATE))
    assert [bare[part] for part in STATE] == [cleared[part] for part in STATE] == [{}, {}, [], [], {}]


async def test_what_is_not_sent_stays_and_what_changed_is_named(client: ProjectClient) -> None:
    ada = person()
    made = await client.new_session(ada, tags=["a"], **STATE)
    path = session_path(made)

    patched = await client.send("PATCH", path, {"memory": {"x": 1}, "name": "Day", "tags": ["a"]}, who=ada)
    cleared = await client.send("PUT", path, {"memory": None, "breakpoints": None, "tags": None}, who=ada)
    same = await client.send("PATCH", path, {"name": "Day", "memory": {}}, who=ada, headers={"If-Match": '"3"'})

    assert sorted(patched.data["fields_updated"]) == ["memory", "name"]
    assert (patched.data["memory"], patched.data["editor_state"]) == ({"x": 1}, STATE["editor_state"])
    assert (patched.data["version"], patched.headers["etag"][:3]) == (2, '"2-')
    assert sorted(cleared.data["fields_updated"]) == ["breakpoints", "memory", "tags"]
    assert [cleared.data[name] for name in ("memory", "breakpoints", "tags")] == [{}, [], []]
    assert (same.data["fields_updated"], same.data["version"]) == ([], 3)
    await client.send("PATCH", path, {"memory": {"x": True}}, who=ada)
    other = await client.send("PATCH", path, {"memory": {"x": 1}}, who=ada)
    assert (other.data["version"], other.data["memory"]["x"] is True) == (5, False)
    stale = await client.send("PATCH", path, {"name": "Noon"}, who=ada, headers={"If-Match": '"2"'})
    assert (stale.status, stale.json["error"]["details"]["current"]["version"]) == (412, 5)


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
async def test_nobody_else_finds_a_session_not_even_an_owner(client: ProjectClient, role: Role) -> None:
    ada, other = person(Role.VIEWER), person(role)
    made = await client.new_session(ada, tags=["moon"])

    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/fork", {}),
    ):
        answer = await client.send(method, session_path(made) + path, body, who=other)
        assert (answer.status, answer.code) == (404, "SESSION_NOT_FOUND")

    assert (await client.send("GET", SESSIONS, who=other)).json["total"] == 0
    assert (await client.send("GET", f"{SESSIONS}/related?tags=moon", who=other)).items == []


async def test_reading_notes_the_time_at_most_once_a_minute(database: Database, client: ProjectClient) -> None:
    ada, clock, counting = person(), MovableClock(), CountingDatabase(database)
    sessions = SessionService(cast(Database, counting), clock)
    made = UUID((await client.new_session(ada))["id"])
    first = await sessions.get(ada, made)
    reads = len(counting.statements)

    clock.time = first.last_accessed_at + TOUCHED_EVERY
    second = await sessions.get(ada, made)
    clock.time += TOUCHED_EVERY - timedelta(seconds=1)
    third = await sessions.get(ada, made)

    assert (reads, len(counting.statements)) == (1, 4)
    assert second.last_accessed_at == third.last_accessed_at == first.last_accessed_at + TOUCHED_EVERY
    assert (third.version, third.updated_at) == (1, first.updated_at)


async def test_a_fork_has_everything_and_a_life_of_its_own(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    made = await client.new_session(ada, project_id=project["id"], tags=["moon"], **STATE)
    key = {"Idempotency-Key": "once"}
    body = {"name": "Branch", "workspace_path": "/srv/branch"}

    answers = [await client.send("POST", f"{session_path(made)}/fork", body, who=ada, headers=key) for _ in range(2)]
    fork = answers[0].data
    await client.send("PATCH", session_path(fork), {"editor_state": {}}, who=ada)

    assert answers[0].body == answers[1].body
    assert answers[0].headers["location"] == session_path(fork)
    assert (fork["name"], fork["workspace_path"], fork["parent_session_id"]) == ("Branch", "/srv/branch", made["id"])
    assert {part: fork[part] for part in STATE} == STATE
    assert (fork["tags"], fork["project_id"], fork["version"]) == (["moon"], project["id"], 1)
    assert (await client.send("GET", session_path(made), who=ada)).data["editor_state"] == STATE["editor_state"]
    assert (await client.send("DELETE", session_path(made), who=ada)).status == 204
    assert (await client.send("GET", session_path(fork), who=ada)).data["parent_session_id"] is None


async def test_related_sessions_come_by_how_much_their_tags_overlap(client: ProjectClient) -> None:
    ada = person()
    for tags in (["moon"], ["moon", "mars"], ["Mars", "MOON", "sun", "io"], ["sun"], ["moon", "mars"]):
        await client.new_session(ada, name=" ".join(tags), tags=tags)

    answer = await client.send("GET", f"{SESSIONS}/related?tags=mars,%20Moon,mars&limit=4", who=ada)

    found = [(each["name"], each["relevance_score"]) for each in answer.items]
    assert found == [("moon mars", 1.0), ("moon mars", 1.0), ("Mars MOON sun io", 0.5), ("moon", 0.5)]
    assert answer.items[0]["last_accessed_at"] > answer.items[1]["last_accessed_at"]
    assert answer.json["meta"] == {"query_tags": ["mars", "Moon"]}


async def test_headers_have_room_beside_a_target_as_long_as_the_gateway_allows(client: ProjectClient) -> None:
    path = f"{SESSIONS}/related?tags={'%3D' * 2590}"

    answer = await client.send("GET", path, who=person(), headers={"X-Other": "x" * 4000})

    assert answer.wrong_fields == {"query.tags": "invalid"}


async def test_sessions_have_pages_and_cursors_and_lists_leave_out_the_state(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for number in range(5):
        await client.new_session(ada, name=str(number), project_id=project["id"] if number % 2 else None, **STATE)

    first = (await client.send("GET", f"{SESSIONS}?page_size=3", who=ada)).json
    rest = (await client.send("GET", f"{SESSIONS}?page_size=3&cursor={first['next_cursor']}", who=ada)).json
    second = (await client.send("GET", f"{SESSIONS}?page_size=3&page=2", who=ada)).json
    of_project = (await client.send("GET", f"{SESSIONS}?project_id={project['id']}&sort=created_at", who=ada)).json

    assert [each["name"] for each in first["items"]] == ["4", "3", "2"]
    assert (first["total"], rest["items"], rest["next_cursor"]) == (5, second["items"], None)
    assert not STATE.keys() & first["items"][0].keys()
    assert [each["name"] for each in of_project["items"]] == ["1", "3"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "", "workspace_path": 1, "extra": 1}, {"name", "workspace_path", "extra"}),
        ({"name": "x", "workspace_path": "/", "tags": ["a,b"]}, {"tags.0"}),
        ({"name": "x", "workspace_path": "/", "memory": {"a": "\x00"}}, {"memory.a"}),
        ({"name": "x", "workspace_path": "/", "memory": "m" * 200_000, "editor_state": "e" * 80_000},
         {"memory", "editor_state"}),
        ({"name": "x", "workspace_path": "/", "project_id": "0197c0de-0000-7000-8000-000000000001"}, {"project_id"}),
    ],
)  # fmt: skip
async def test_a_wrong_body_names_what_is_wrong_and_keeps_nothing(
    client: ProjectClient, body: dict[str, Any], wrong: set[str]
) -> None:
    ada = person()

    answer = await client.send("POST", SESSIONS, body, who=ada)

    assert (answer.status, set(answer.wrong_fields)) == (422, wrong)
    assert (await client.send("GET", SESSIONS, who=ada)).json["total"] == 0


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"1e400", 400), (b"1" + b"0" * 5000, 400), (rb'"\ud800"', 400), (b"[" * 100 + b"]" * 100, 400),
        (b"123456789012345678901234567890", 201), (b'{"":{"":[]}}', 201), (b"null", 201),
    ],
)  # fmt: skip
async def test_odd_json_is_stored_or_refused_and_never_an_error(client: ProjectClient, raw: bytes, status: int) -> None:
    raw = b'{"name":"x","workspace_path":"/","memory":' + raw + b"}"

    answer = await client.send("POST", SESSIONS, raw=raw, who=person())

    assert answer.status == status


@pytest.mark.parametrize("query", ["", "?tags=", "?tags=,%20,", "?tags=" + "a" * 51, "?tags=a&limit=0", "?tags=a%00"])
async def test_related_wants_tags(client: ProjectClient, query: str) -> None:
    assert (await client.send("GET", f"{SESSIONS}/related{query}", who=person())).status == 422


async def test_a_project_that_is_out_of_sight_is_refused(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    hidden, made = await client.new_project(ada), await client.new_session(ben)

    answers = [
        await client.send("PATCH", session_path(made), {"project_id": hidden["id"], "name": "x"}, who=ben),
        await client.send("POST", SESSIONS, {**bare(), "project_id": hidden["id"]}, who=ben),
    ]

    assert [answer.wrong_fields for answer in answers] == [{"project_id": "not_found"}] * 2
    assert (await client.send("GET", session_path(made), who=ben)).data == made


async def test_sessions_leave_with_their_user_and_tell_nobody_what_they_held(
    client: ProjectClient, bus: MemoryBus, database: Database
) -> None:
    ada = person()
    await introduce(client, bus, (ada, "ada@example.com", "Ada"))
    project = await client.new_project(ada)
    await client.new_session(ada, project_id=project["id"], name="A secret")

    await tell(bus, left(ada), ada.tenant_id)

    await eventually(lambda: has_none(client, ada))
    told = await database.system_rows("select data::text from outbox where type like 'project.session.%'")
    assert len(told) == 1
    assert "secret" not in told[0]["data"]
    assert project["id"] not in told[0]["data"]


async def has_none(client: ProjectClient, who: Principal) -> bool:
    return bool((await client.send("GET", SESSIONS, who=who)).json["total"] == 0)


def bare() -> dict[str, Any]:
    return {"name": "Night", "workspace_path": "/srv"}
