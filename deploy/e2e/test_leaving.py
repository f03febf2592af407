"""Who leaves a tenant: others see it live and by REST, nothing of theirs goes on, and nothing comes back with them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.api_client import ApiClient, api_client
from deploy.e2e.joining import join
from deploy.stack_process import StackProcess
from shared.testing.eventually import eventually
from shared.testing.live_client import LiveClient

WAIT_SECONDS = 15.0


@pytest.mark.parametrize("leaves_by_themselves", [True, False])
async def test_a_member_leaves_cleanly(ada: ApiClient, stack: StackProcess, leaves_by_themselves: bool) -> None:
    async with api_client(stack.url) as guest:
        ben = await join(ada, guest, "Ben", Path(stack.environ["TESSERA_HOME"]) / "mail")
        project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo", "visibility": "tenant"})).data["id"]
        tasks = f"/projects/{project}/tasks"
        task = await made(ada, tasks, {"title": "Fly", "assignee_id": ben.user["id"]})
        about = {"entity_type": "task", "entity_id": task["id"], "body": "Soon"}
        await ben.expect(201, "POST", f"/projects/{project}/comments", about)
        direct = {"kind": "direct", "participant_ids": [ada.user["id"]]}
        chat = (await made(ben, "/chats", direct))["id"]
        await ben.expect(201, "POST", f"/chats/{chat}/messages", {"content": "Hello"})
        conversation = (await ben.expect(201, "POST", "/conversations", {"title": "Moon"})).data["id"]
        message = {"role": "user", "content": "Mine"}
        await ben.expect(201, "POST", f"/conversations/{conversation}/messages", message)
        share = (await ben.expect(201, "POST", f"/conversations/{conversation}/share", {})).data["token"]
        async with LiveClient(stack.live_url, ada.access_token) as live:
            await live.subscribe(f"tasks:{project}")

            leaver = ben if leaves_by_themselves else ada
            await leaver.expect(204, "DELETE", f"/users/{ben.user['id']}")

            async with asyncio.timeout(WAIT_SECONDS):
                frame = await live.next()
        assert (frame.type, frame.data["changed_fields"]) == ("task.assigned", ["assignee_id"])
        assert frame.data["payload"] == (await ada.expect(200, "GET", f"{tasks}/{task['id']}")).data
        assert frame.data["payload"]["assignee_id"] is None
        await eventually(lambda: answers(ada, 404, f"/shares/{share}"), within=WAIT_SECONDS)
        for path in (f"/projects/{project}/comments", f"/chats/{chat}/messages"):
            author = {"id": ben.user["id"], "display_name": "Former member"}
            await eventually(lambda path=path, author=author: is_written_by(ada, path, author), within=WAIT_SECONDS)
        await eventually(lambda: answers(ben, 401, "/users/me"), within=WAIT_SECONDS)


async def made(client: ApiClient, path: str, body: dict[str, Any]) -> Any:
    """Other services hear of a new member within moments."""
    answers: list[Any] = []

    async def is_made() -> bool:
        answers.append(await client.call("POST", path, body))
        return bool(answers[-1].status == 201)

    await eventually(is_made, within=WAIT_SECONDS)
    return answers[-1].data


async def is_written_by(client: ApiClient, path: str, author: dict[str, Any]) -> bool:
    [written] = (await client.expect(200, "GET", path)).body["items"]
    return bool(written["author"] == author)


async def answers(client: ApiClient, status: int, path: str) -> bool:
    answer: Any = await client.call("GET", path)
    return bool(answer.status == status)
