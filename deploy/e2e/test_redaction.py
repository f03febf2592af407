"""What is deleted or written anew cannot be had from the past: asked of every outlet that tells what was missed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from websockets.asyncio.client import connect

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess
from shared.ids import new_id
from shared.testing.http_session import http_session

SECRET = "canary-words"  # noqa: S105 - what must not be found
WAIT_SECONDS = 15.0

Frames = list[dict[str, Any]]


class Past(NamedTuple):
    """A topic in which something was told that must not be read any more, and how many events it has."""

    topic: str
    epoch: str
    offset: int
    redacted: int


async def _told(ada: ApiClient, topic: str, redacted: int) -> Past:
    place = (await ada.expect(200, "GET", f"/events?topic={topic}")).body
    return Past(topic, place["epoch"], place["offset"], redacted)


async def _project(ada: ApiClient) -> str:
    made: str = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    return made


async def _task_is_deleted(ada: ApiClient) -> Past:
    project = await _project(ada)
    task = (await ada.expect(201, "POST", f"/projects/{project}/tasks", {"title": SECRET})).data
    await ada.expect(200, "PATCH", f"/projects/{project}/tasks/{task['id']}", {"description": SECRET})
    await ada.expect(204, "DELETE", f"/projects/{project}/tasks/{task['id']}")
    return await _told(ada, f"tasks:{project}", redacted=2)


async def _file_is_deleted(ada: ApiClient) -> Past:
    project = await _project(ada)
    await ada.expect(200, "PUT", f"/projects/{project}/files", {"files": [{"path": f"{SECRET}.txt", "content": "one"}]})
    files = (await ada.expect(200, "GET", f"/projects/{project}/files")).body["items"]
    await ada.expect(204, "DELETE", f"/projects/{project}/files/{files[0]['id']}")
    return await _told(ada, f"files:{project}", redacted=1)


async def _tag_is_deleted(ada: ApiClient) -> Past:
    project = await _project(ada)
    tag = (await ada.expect(201, "POST", f"/projects/{project}/tags", {"name": SECRET})).data
    await ada.expect(204, "DELETE", f"/projects/{project}/tags/{tag['id']}")
    return await _told(ada, f"project:{project}", redacted=1)


async def _comment(ada: ApiClient) -> tuple[str, str]:
    project = await _project(ada)
    about = {"entity_type": "project", "entity_id": project}
    comment = (await ada.expect(201, "POST", f"/projects/{project}/comments", {**about, "body": SECRET})).data
    return project, f"/projects/{project}/comments/{comment['id']}"


async def _comment_is_deleted(ada: ApiClient) -> Past:
    project, path = await _comment(ada)
    await ada.expect(204, "DELETE", path)
    return await _told(ada, f"comments:project:{project}", redacted=1)


async def _comment_is_edited(ada: ApiClient) -> Past:
    project, path = await _comment(ada)
    await ada.expect(200, "PATCH", path, {"body": "other words"})
    return await _told(ada, f"comments:project:{project}", redacted=1)


async def _chat_message(ada: ApiClient) -> tuple[str, str]:
    chat = (await ada.expect(201, "POST", "/chats", {"kind": "group", "title": "Crew", "participant_ids": []})).data[
        "id"
    ]
    said = (await ada.expect(201, "POST", f"/chats/{chat}/messages", {"content": SECRET})).data
    return chat, f"/chats/{chat}/messages/{said['id']}"


async def _chat_message_is_deleted(ada: ApiClient) -> Past:
    chat, path = await _chat_message(ada)
    await ada.expect(204, "DELETE", path)
    return await _told(ada, f"chat:{chat}", redacted=1)


async def _chat_message_is_edited(ada: ApiClient) -> Past:
    chat, path = await _chat_message(ada)
    await ada.expect(200, "PATCH", path, {"content": "other words"})
    return await _told(ada, f"chat:{chat}", redacted=1)


async def _model_message_is_edited(ada: ApiClient) -> Past:
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Plans"})).data["id"]
    said = {"role": "user", "content": SECRET}
    message = (await ada.expect(201, "POST", f"/conversations/{conversation}/messages", said)).data
    await ada.expect(200, "PATCH", f"/messages/{message['id']}", {"content": "other words"})
    return await _told(ada, f"conversation:{conversation}", redacted=1)


async def _gift_list_is_deleted(ada: ApiClient) -> Past:
    gift_list = {"name": SECRET, "type": "ideas", "visibility": "tenant"}
    made = (await ada.expect(201, "POST", "/lists", gift_list)).data["id"]
    await ada.expect(201, "POST", f"/lists/{made}/items", {"name": SECRET})
    await ada.expect(204, "DELETE", f"/lists/{made}")
    return await _told(ada, "list-items:all", redacted=1)


async def _setting_is_removed(ada: ApiClient) -> Past:
    await ada.expect(200, "PUT", "/settings/custom/motto", {"value": SECRET})
    await ada.expect(204, "DELETE", "/settings/custom/motto")
    return await _told(ada, f"user:{ada.user['id']}", redacted=1)


STORIES = [
    _task_is_deleted,
    _file_is_deleted,
    _tag_is_deleted,
    _comment_is_deleted,
    _comment_is_edited,
    _chat_message_is_deleted,
    _chat_message_is_edited,
    _model_message_is_edited,
    _gift_list_is_deleted,
    _setting_is_removed,
]


async def _polled(_stack: StackProcess, ada: ApiClient, past: Past) -> Frames:
    address = f"/events?topic={past.topic}&after={past.epoch}:0"
    items: Frames = (await ada.expect(200, "GET", address)).body["items"]
    return items


async def _subscribed(stack: StackProcess, ada: ApiClient, past: Past) -> Frames:
    since = {"epoch": past.epoch, "offset": 0}
    wanted = json.dumps({"action": "subscribe", "topic": past.topic, "since": since})
    return await _socket(stack.live_url, ada, wanted, lambda frame: frame.get("action") == "subscribed")


async def _filtered(stack: StackProcess, ada: ApiClient, past: Past) -> Frames:
    """With a filter that fits nothing: what is redacted is told all the same."""
    since = {"epoch": past.epoch, "offset": 0}
    wanted = {"action": "subscribe", "topic": past.topic, "since": since, "filter": {"id": str(new_id())}}
    frames = await _socket(stack.live_url, ada, json.dumps(wanted), lambda frame: frame.get("action") == "subscribed")
    return [frame for frame in frames if "redacted" in frame["data"]]


OUTLETS = [_polled, _subscribed, _filtered]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.strip("_"))
async def test_no_outlet_tells_what_is_gone(
    stack: StackProcess, ada: ApiClient, story: Callable[[ApiClient], Awaitable[Past]]
) -> None:
    past = await story(ada)

    for outlet in OUTLETS:  # a deletion itself may name what is gone: the path of a file
        frames = await outlet(stack, ada, past)
        redacted = [frame for frame in frames if frame["data"].get("redacted")]

        assert SECRET not in json.dumps([frame for frame in frames if frame["event"] != "DELETED"]), outlet.__name__
        assert len(redacted) >= past.redacted
        assert all(frame["data"]["payload"] is None and "changed_fields" not in frame["data"] for frame in redacted)
        assert all(frame["id"] and frame["type"] and frame["data"]["entity_id"] for frame in redacted)
    offsets = [frame["offset"] for frame in await _subscribed(stack, ada, past)]
    assert offsets == list(range(1, past.offset + 1))


async def test_a_chat_client_is_told_that_something_is_gone(stack: StackProcess, ada: ApiClient) -> None:
    past = await _chat_message_is_deleted(ada)
    chat_id = past.topic.partition(":")[2]
    hello = {"token": ada.access_token, "since": {chat_id: {"epoch": past.epoch, "offset": 0}}}

    heard = await _chat_packets(stack, hello)

    assert SECRET not in json.dumps(heard)
    said = [data for name, data in heard if name == "serverMessage"]
    assert [(data["redacted"], data["content"]) for data in said] == [(True, None)]
    assert [name for name, _ in heard if name == "messageDeleted"] == ["messageDeleted"]


async def test_a_window_is_told_that_a_file_is_gone(stack: StackProcess, ada: ApiClient) -> None:
    past = await _file_is_deleted(ada)
    project = UUID(past.topic.partition(":")[2])
    wanted = json.dumps({"type": "resume", "data": {"epoch": past.epoch, "offset": 0}})

    frames = await _socket(f"{stack.live_url}/{project}", ada, wanted, lambda frame: frame["type"] == "resumed")

    added = [frame for frame in frames if frame["type"] == "file_added"]
    assert [(frame["data"], frame["redacted"]) for frame in added] == [(None, True)]
    assert SECRET not in json.dumps([frame for frame in frames if frame["type"] != "file_deleted"])


async def test_an_event_stream_resumes_without_what_is_gone(stack: StackProcess, ada: ApiClient) -> None:
    project = await _project(ada)
    topic = f"comments:project:{project}"
    before = await _first_id(stack, ada, topic)
    about = {"entity_type": "project", "entity_id": project, "body": SECRET}
    comment = (await ada.expect(201, "POST", f"/projects/{project}/comments", about)).data
    await ada.expect(204, "DELETE", f"/projects/{project}/comments/{comment['id']}")

    frames: Frames = []
    async for name, data, _ in _stream(stack, ada, topic, before):
        if name == "subscribed":
            break
        frames.append(data)

    assert data["recovered"]
    assert [(frame["type"], frame["data"].get("redacted")) for frame in frames] == [
        ("comment.added", True),
        ("comment.deleted", None),
    ]
    assert SECRET not in json.dumps(frames)


async def _first_id(stack: StackProcess, ada: ApiClient, topic: str) -> str:
    async for name, _, event_id in _stream(stack, ada, topic, None):
        if name == "subscribed":
            return event_id
    raise AssertionError("the stream ended")


async def _stream(
    stack: StackProcess, ada: ApiClient, topic: str, last_id: str | None
) -> AsyncIterator[tuple[str, dict[str, Any], str]]:
    """Events of a stream: name, data and the id that stands before it."""
    headers = {"Authorization": f"Bearer {ada.access_token}"} | ({"Last-Event-ID": last_id} if last_id else {})
    address = f"{stack.url}/api/v1/events/stream?topics={topic}"
    fields: dict[str, str] = {}
    async with (
        asyncio.timeout(WAIT_SECONDS),
        http_session() as session,
        session.get(address, headers=headers) as answer,
    ):
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
            if name == "data":
                yield fields["event"], json.loads(value), fields.get("id", "")


async def _socket(url: str, ada: ApiClient, wanted: str, is_last: Callable[[dict[str, Any]], bool]) -> Frames:
    """The frames with an offset that come before the last one."""
    frames: Frames = []
    headers = {"Authorization": f"Bearer {ada.access_token}"}
    async with asyncio.timeout(WAIT_SECONDS), connect(url, additional_headers=headers) as socket:
        await socket.send(wanted)
        while not is_last(frame := json.loads(await socket.recv())):
            frames.append(frame)
    return [frame for frame in frames if "offset" in frame]


async def _chat_packets(stack: StackProcess, hello: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Until the room is joined. Engine.IO 4 and Socket.IO 5, by hand."""
    heard: list[tuple[str, dict[str, Any]]] = []
    async with asyncio.timeout(WAIT_SECONDS), connect(f"{stack.live_url}/?EIO=4&transport=websocket") as socket:
        await socket.send("40" + json.dumps(hello))
        while not heard or heard[-1][0] != "roomJoined":
            text = str(await socket.recv())
            if text.startswith("42"):
                name, data = json.loads(text[2:])
                heard.append((name, data))
    return heard
