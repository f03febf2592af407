"""Live connections in every dialect through the gateway: nothing is missed, and who has to go goes."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess
from shared.testing.eventually import eventually
from shared.testing.live_chats import LiveChats
from shared.testing.live_client import LiveClient
from shared.testing.live_project import STATE, LiveProjectWindow
from shared.testing.live_reader import LiveClosed, LiveReader, SubscriptionRefused
from shared.testing.live_stream import LiveStream

PASSWORD = "correct horse battery"  # noqa: S105
WAIT_SECONDS = 15.0
OUT_SECONDS = 5.0  # a second on a quiet machine


@pytest_asyncio.fixture
async def project(ada: ApiClient) -> str:
    made: str = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    return made


async def add_task(ada: ApiClient, project: str, title: str) -> None:
    await ada.expect(201, "POST", f"/projects/{project}/tasks", {"title": title})


async def add_file(ada: ApiClient, project: str, path: str) -> None:
    await ada.expect(200, "PUT", f"/projects/{project}/files", {"files": [{"path": path, "content": "one"}]})


async def heard(client: LiveReader, number: int) -> list[Any]:
    async with asyncio.timeout(WAIT_SECONDS):
        return [await client.next() for _ in range(number)]


async def next_path(window: LiveReader) -> str:
    """Of the next file that is added."""
    async with asyncio.timeout(WAIT_SECONDS):
        while (event := await window.next()).event != "file_added":
            pass
    path: str = event.data["path"]
    return path


async def ending(client: LiveReader) -> Exception:
    """What it says when all is over."""
    try:
        while True:
            await client.next()
    except (LiveClosed, SubscriptionRefused) as end:
        return end


async def next_of(socket: ClientConnection, *wanted: str) -> dict[str, Any]:
    """The next frame that is of one of these kinds, in whatever dialect of plain JSON."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame.get("type", frame.get("action")) in wanted or frame.get("action") in wanted:
                return frame


async def close_code(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(OUT_SECONDS):
        await socket.wait_closed()
    return socket.close_code


async def test_a_stream_of_events_goes_on_where_it_was(stack: StackProcess, ada: ApiClient, project: str) -> None:
    topic = f"tasks:{project}"
    async with LiveStream(stack.url, ada.access_token, [topic]) as stream:
        await stream.place(topic)
        await add_task(ada, project, "One")
        first = await heard(stream, 1)
        await stream.drop_connection()
        for title in ("Two", "Three"):
            await add_task(ada, project, title)
        missed = await heard(stream, 2)
        await eventually(lambda: len(stream.recoveries) == 2)

    assert [one.data["payload"]["title"] for one in (*first, *missed)] == ["One", "Two", "Three"]
    assert [answer.recovered for answer in stream.recoveries] == [False, True]


async def test_whoever_polls_hears_all_of_it(ada: ApiClient, project: str) -> None:
    address = f"/events?topic=tasks:{project}"
    begun = (await ada.expect(200, "GET", address)).body
    for title in ("One", "Two"):
        await add_task(ada, project, title)

    later = (await ada.expect(200, "GET", f"{address}&after={begun['epoch']}:{begun['offset']}")).body
    again = (await ada.expect(200, "GET", f"{address}&after={later['epoch']}:{later['offset']}")).body
    lost = (await ada.expect(200, "GET", f"{address}&after=gone:1")).body

    assert [item["data"]["payload"]["title"] for item in later["items"]] == ["One", "Two"]
    assert (later["recovered"], again["items"], again["recovered"]) == (True, [], True)
    assert (lost["items"], lost["recovered"]) == ([], False)


async def test_a_window_has_the_state_and_then_every_change(stack: StackProcess, ada: ApiClient, project: str) -> None:
    await add_file(ada, project, "a.txt")
    async with LiveProjectWindow(UUID(project), stack.live_url, ada.access_token) as window:
        [state] = await heard(window, 1)
        await add_file(ada, project, "b.txt")
        live = await next_path(window)
        await window.drop_connection()
        await add_file(ada, project, "c.txt")
        missed = await next_path(window)
        await eventually(lambda: len(window.recoveries) == 2)

    assert (state.event, [file["path"] for file in state.data["files"]]) == (STATE, ["a.txt"])
    assert (live, missed) == ("b.txt", "c.txt")
    assert [answer.recovered for answer in window.recoveries] == [False, True]


async def test_a_window_on_a_project_that_is_gone_closes(stack: StackProcess, ada: ApiClient, project: str) -> None:
    async with LiveProjectWindow(UUID(project), stack.live_url, ada.access_token) as window:
        await heard(window, 1)
        await ada.expect(204, "DELETE", f"/projects/{project}")

        with pytest.raises(LiveClosed, match="4003"):
            await heard(window, 1)

    assert window.errors == ["WS_FORBIDDEN"]


@pytest.mark.parametrize("dialect", ["topics", "project"])
async def test_a_token_is_refreshed_on_the_open_connection(
    stack: StackProcess, ada: ApiClient, stranger: ApiClient, project: str, dialect: str
) -> None:
    url = stack.live_url if dialect == "topics" else f"{stack.live_url}/{project}"
    renewed = (await ada.expect(200, "POST", "/auth/refresh", {"refresh_token": ada.tokens["refresh_token"]})).data
    ping = {"action": "ping"} if dialect == "topics" else {"type": "ping"}

    def sign_in(token: str) -> str:
        return json.dumps(
            {"action": "auth", "token": token} if dialect == "topics" else {"type": "auth", "data": {"token": token}}
        )

    async with connect(url, additional_headers={"Authorization": f"Bearer {ada.access_token}"}) as socket:
        await socket.send(sign_in(renewed["access_token"]))
        await socket.send(json.dumps(ping))
        await next_of(socket, "pong")
        await socket.send(sign_in(stranger.access_token))

        assert await close_code(socket) == 4001


@pytest_asyncio.fixture
async def everywhere(stack: StackProcess, ada: ApiClient, project: str) -> AsyncIterator[dict[str, LiveReader]]:
    """A client of each dialect that has heard something."""
    chat = (await ada.expect(201, "POST", "/chats", {"kind": "group", "title": "Moon"})).data["id"]
    token, topic = ada.access_token, f"tasks:{project}"
    topics = LiveClient(stack.live_url, token)
    topics.follow(topic)
    clients: dict[str, LiveReader] = {
        "topics": topics,
        "chats": LiveChats(stack.live_url, token),
        "project": LiveProjectWindow(UUID(project), stack.live_url, token),
        "stream": LiveStream(stack.url, token, [topic]),
    }
    async with AsyncExitStack() as opened:
        for client in clients.values():
            await opened.enter_async_context(client)
        await heard(clients["project"], 1)
        for client in (topics, clients["stream"]):
            await client.place(topic)
        while not clients["chats"].recoveries:
            await asyncio.sleep(0.01)
        await ada.expect(201, "POST", f"/chats/{chat}/messages", {"content": "One"})
        await add_task(ada, project, "One")
        await add_file(ada, project, "a.txt")
        for client in clients.values():
            await heard(client, 1)
        yield clients


async def test_an_ended_session_is_out_in_every_dialect(ada: ApiClient, everywhere: dict[str, LiveReader]) -> None:
    await ada.expect(204, "POST", "/auth/logout")

    async with asyncio.timeout(OUT_SECONDS):
        ends = {dialect: await ending(client) for dialect, client in everywhere.items()}
    assert [str(ends[dialect]) for dialect in ("topics", "chats", "project")] == ["4009"] * 3
    assert isinstance(ends["stream"], SubscriptionRefused)


async def test_a_ticket_opens_one_connection(stack: StackProcess, ada: ApiClient, project: str) -> None:
    ticket = (await ada.expect(201, "POST", "/realtime/ticket", {})).data["ticket"]

    async with connect(f"{stack.live_url}?ticket={ticket}") as socket:
        await socket.send(json.dumps({"action": "subscribe", "topic": f"tasks:{project}"}))
        answer = await next_of(socket, "subscribed", "error")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stack.live_url}?ticket={ticket}")

    assert answer["action"] == "subscribed"
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("path", ["", "/{project}", "/?EIO=4&transport=websocket"])
async def test_a_foreign_page_cannot_use_the_cookie(
    stack: StackProcess, ada: ApiClient, anonymous: ApiClient, project: str, path: str
) -> None:
    body = {"email": ada.user["email"], "password": PASSWORD, "cookie": True}
    answer = await anonymous.expect(200, "POST", "/auth/login", body)
    [value] = [
        found[1]
        for line in answer.headers.getall("Set-Cookie")
        if (found := re.match(r"tessera_session=([^;]+)", line))
    ]
    url, cookie = stack.live_url + path.format(project=project), {"Cookie": f"tessera_session={value}"}

    for origin in ("https://evil.example.com", "null"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, additional_headers={**cookie, "Origin": origin})
        assert refused.value.response.status_code == 403
    async with connect(url, additional_headers={**cookie, "Origin": stack.url}) as socket:
        assert socket.response is not None
