"""The project dialect over a real socket: one window on one project, and what other windows see of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from project_fakes import FakeProjects
from realtime_client import RawClient
from realtime_fakes import FakeAuth, LiveServer, some_principal, unix_now

from shared.events.auth import MembershipRemoved, SessionRevoked
from shared.events.changes import Removed
from shared.events.topics import files_topic
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role

Window = Callable[..., Awaitable[RawClient]]


@pytest.fixture
async def projects(bus: MemoryBus) -> FakeProjects:
    projects = FakeProjects(bus)
    await projects.start()
    return projects


@pytest.fixture
async def window(server: LiveServer) -> AsyncIterator[Window]:
    async with AsyncExitStack() as stack:

        async def open_window(principal: Principal | None, project_id: UUID | str, *, enters: bool = True) -> RawClient:
            client = await RawClient.open(server.port, principal, path=f"/ws/{project_id}")
            stack.push_async_callback(client.close)
            if enters:
                assert (await next_of(client, "connected"))["data"]["offset"] >= 0
            return client

        yield open_window


async def next_of(client: RawClient, kind: str) -> dict[str, Any]:
    """Leaves out what else is told before."""
    while True:
        frame = await client.next()
        if frame["type"] == kind:
            return frame


async def error_of(client: RawClient, frame: dict[str, Any]) -> str:
    await client.send(**frame)
    code: str = (await next_of(client, "error"))["data"]["code"]
    return code


async def test_the_state_names_its_place_and_the_stream_goes_on_from_there(window, projects: FakeProjects) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    await projects.add_file(anna.tenant_id, project_id, "a.txt")
    client = await window(anna, project_id)

    state = await client.ask(type="get_state")
    await projects.add_file(anna.tenant_id, project_id, "b.txt")
    told = await client.next()

    assert state["type"] == "state_update"
    assert [file["path"] for file in state["data"]["files"]] == ["a.txt"]
    assert {name: state["data"][name] for name in ("status", "history", "preview_url", "epoch", "offset")} == {
        "status": "idle",
        "history": [],
        "preview_url": None,
        "epoch": "epoch-1",
        "offset": 1,
    }
    assert (told["type"], told["data"]["path"], told["epoch"], told["offset"]) == ("file_added", "b.txt", "epoch-1", 2)


async def test_what_happens_while_the_state_is_on_its_way_follows_it(window, projects: FakeProjects) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    client = await window(anna, project_id)
    projects.answers_wait_for = asyncio.Event()

    await client.send(type="get_state")
    await projects.has_read.wait()
    await projects.add_file(anna.tenant_id, project_id, "late.txt")
    projects.answers_wait_for.set()
    state, told = await client.next(), await client.next()

    assert (state["type"], state["data"]["files"], state["data"]["offset"]) == ("state_update", [], 0)
    assert (told["type"], told["offset"], told["data"]["path"]) == ("file_added", 1, "late.txt")


async def test_a_state_that_cannot_be_had_costs_nothing_of_the_stream(window, projects: FakeProjects) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    client = await window(anna, project_id)

    projects.is_failing = True
    error = await client.ask(type="get_state")
    projects.is_failing = False
    await projects.add_file(anna.tenant_id, project_id, "a.txt")

    assert (error["type"], error["data"]["code"], error["data"]["temporary"]) == ("error", "SERVICE_UNAVAILABLE", True)
    assert len(error["data"]["trace_id"]) == 32
    assert (await client.next())["offset"] == 1


async def test_a_window_that_comes_back_hears_what_it_missed(window, projects: FakeProjects) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    for name in "abc":
        await projects.add_file(anna.tenant_id, project_id, name)
    client = await window(anna, project_id)

    await client.send(type="resume", data={"epoch": "epoch-1", "offset": 1})
    heard = [await client.next() for _ in range(3)]
    run = {"run_id": str(new_id()), "file_id": str(new_id()), "offset": 7}
    again = await client.ask(type="resume", data={"epoch": "epoch-1", "offset": 3, "run": run})
    state = await client.ask(type="resume", data={"epoch": "another", "offset": 1})

    assert [(frame["type"], frame.get("offset")) for frame in heard] == [
        ("file_added", 2),
        ("file_added", 3),
        ("resumed", None),
    ]
    assert again == {"type": "resumed", "data": {"epoch": "epoch-1", "offset": 3}}
    assert (state["type"], state["data"]["offset"]) == ("state_update", 3)


async def test_absent_and_foreign_projects_are_answered_alike(window, projects: FakeProjects) -> None:
    anna, ben = some_principal(), some_principal()
    foreign = await (await window(ben, projects.begin(anna), enters=False)).until_closed()
    absent = await (await window(ben, new_id(), enters=False)).until_closed()

    for frames, code in (foreign, absent):
        [error] = frames
        error["data"].pop("trace_id")
        assert (error["data"]["code"], code) == ("PROJECT_NOT_FOUND", 4004)
    assert foreign == absent


async def test_who_loses_the_project_is_told_and_closed(window, projects: FakeProjects, auth: FakeAuth) -> None:
    anna = some_principal()
    client = await window(anna, projects.begin(anna))

    projects.blind.add(anna.user_id)
    removed = MembershipRemoved(
        entity_id=anna.user_id, version=2, tenant_id=anna.tenant_id, user_id=anna.user_id, payload=Removed(anna.user_id)
    )
    await auth.publish(removed, anna.tenant_id)
    frames, code = await client.until_closed()

    assert ([frame["data"]["code"] for frame in frames], code) == (["WS_FORBIDDEN"], 4003)


async def test_commands_go_to_the_keeper_and_its_errors_come_back(window, projects: FakeProjects) -> None:
    anna = some_principal()
    viewer = some_principal(anna.tenant_id, role=Role.VIEWER)
    project_id = projects.begin(anna)
    editor, reader = await window(anna, project_id), await window(viewer, project_id)
    commands = [
        {"type": "start_generation", "data": {"prompt": "A clock", "model": "m"}},
        {"type": "user_message", "data": {"content": "Bigger"}},
        {"type": "stop_generation"},
    ]

    refused = [await error_of(reader, command) for command in commands]
    unavailable = [await error_of(editor, command) for command in commands]
    await reader.send(type="get_preview_url")
    preview = await next_of(reader, "preview_url")

    assert refused == ["WS_FORBIDDEN"] * 3
    assert unavailable == ["GENERATION_UNAVAILABLE"] * 3
    assert preview == {"type": "preview_url", "data": {"url": None, "status": "none", "expires_at": None}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "WS_INVALID_MESSAGE"),
        ("[]", "WS_INVALID_MESSAGE"),
        ('{"type":"get_state","more":1}', "WS_INVALID_MESSAGE"),
        ('{"type":"get_state","data":{"x":1}}', "WS_INVALID_MESSAGE"),
        ('{"type":"get_state","data":[]}', "WS_INVALID_MESSAGE"),
        ('{"type":"start_generation"}', "WS_INVALID_MESSAGE"),
        ('{"type":"start_generation","data":{"prompt":"a\\u0000b"}}', "WS_INVALID_MESSAGE"),
        ('{"type":"user_message","data":{"content":"\\ud800"}}', "WS_INVALID_MESSAGE"),
        ('{"type":"resume","data":{"epoch":"e","offset":-1}}', "WS_INVALID_MESSAGE"),
        ('{"type":"resume","data":{"epoch":"e","offset":1e999}}', "WS_INVALID_MESSAGE"),
        ('{"type":"resume","data":{"epoch":"e","offset":1,"run":{"run_id":"x"}}}', "WS_INVALID_MESSAGE"),
        ('{"type":"state_update"}', "WS_UNKNOWN_TYPE"),
        ("[" * 30_000, "WS_INVALID_MESSAGE"),
    ],
)
async def test_nonsense_is_named_and_the_window_stays(window, projects: FakeProjects, text: str, code: str) -> None:
    anna = some_principal()
    client = await window(anna, projects.begin(anna))

    await client.socket.send(text)

    assert (await client.next())["data"]["code"] == code
    assert await client.ask(type="ping") == {"type": "pong", "data": {}}


async def test_a_token_in_the_first_frame_opens_the_window(window, projects: FakeProjects, auth: FakeAuth) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    client = await window(None, project_id, enters=False)
    stranger = await window(None, project_id, enters=False)

    await client.send(type="auth", data={"token": auth.token(anna)})
    await client.send(type="get_state")
    await stranger.send(type="get_state")

    assert [(await client.next())["type"] for _ in range(2)] == ["connected", "state_update"]
    frames, code = await stranger.until_closed()
    assert ([frame["data"]["code"] for frame in frames], code) == (["AUTH_REQUIRED"], 4001)


async def test_windows_hear_who_comes_and_who_goes(window, projects: FakeProjects, auth: FakeAuth) -> None:
    anna = some_principal()
    ben = some_principal(anna.tenant_id)
    project_id = projects.begin(anna)
    first = await window(anna, project_id)
    await window(ben, project_id)
    joined = await next_of(first, "user_joined")

    third = await window(some_principal(anna.tenant_id), project_id, enters=False)
    known = {(await next_of(third, "user_joined"))["data"]["user_id"] for _ in range(2)}

    assert joined["data"] == {"user_id": str(ben.user_id), "display_name": None}
    assert known == {str(anna.user_id), str(ben.user_id)}


async def test_a_revoked_session_closes_the_window(window, projects: FakeProjects, auth: FakeAuth) -> None:
    anna = some_principal()
    client = await window(anna, projects.begin(anna))

    ended = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(ended)
    frames, code = await client.until_closed()

    assert ([frame["data"]["code"] for frame in frames], code) == (["AUTH_SESSION_REVOKED"], 4009)


async def test_events_that_are_lost_for_good_bring_the_state_anew(window, projects: FakeProjects) -> None:
    anna = some_principal()
    project_id = projects.begin(anna)
    client = await window(anna, project_id)

    topic = files_topic(project_id)
    for name in "abcd":
        projects.note(anna.tenant_id, topic, projects.note_file(anna.tenant_id, project_id, name))
    projects.prune(anna.tenant_id, topic, first=4)
    await projects.add_file(anna.tenant_id, project_id, "e")
    state = await next_of(client, "state_update")

    assert [file["path"] for file in state["data"]["files"]] == list("abcde")
    assert state["data"]["offset"] == 5


async def test_what_is_no_id_is_no_address(server: LiveServer) -> None:
    for path in ("/ws/nothing", "/ws/0189aaaa"):
        with pytest.raises(Exception, match="404"):
            await RawClient.open(server.port, some_principal(), path=path)
