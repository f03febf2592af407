"""Closing a tenant and bringing it back, through the public door: every outlet is shut, and none stays so."""

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from deploy.api_client import ApiClient
from shared.testing.eventually import eventually

OUT_SECONDS = 1.0


async def test_a_closed_tenant_is_shut_everywhere_and_restored_as_it_was(ada: ApiClient, anonymous: ApiClient) -> None:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Moon"})).data
    path = f"/conversations/{conversation['id']}"
    await ada.expect(201, "POST", f"{path}/messages", {"role": "user", "content": "Hello"})
    share = f"/shares/{(await ada.expect(201, 'POST', f'{path}/share', {})).data['token']}"
    made = await ada.expect(201, "POST", "/api-keys", {"name": "robot", "scopes": ["*:read"]})
    key = {"X-API-Key": made.data["key"]}
    tenant_id = (await ada.expect(200, "GET", "/tenants/current")).data["id"]
    for headers in (key, {}):
        who = anonymous if headers else ada
        await who.expect(200, "GET", f"/projects/{project['id']}", headers=headers)
    await anonymous.expect(200, "GET", share)

    async with connect(f"{ada.url.replace('http', 'ws')}/ws?token={ada.access_token}") as socket:
        await ada.expect(204, "DELETE", "/tenants/current")
        assert await _close_code(socket) == 4009
    await eventually(_answers(anonymous, 401, "/projects", key), within=OUT_SECONDS)
    await eventually(_answers(ada, 401, "/projects"), within=OUT_SECONDS)
    await eventually(_answers(anonymous, 404, share))
    body = {"email": ada.user["email"], "password": "correct horse battery"}
    refused = await anonymous.expect(403, "POST", "/auth/login", body)
    assert refused.code == "TENANT_CLOSED"

    token = refused.body["error"]["details"]["restore_token"]
    restored = await anonymous.expect(200, "POST", "/auth/restore-tenant", {"restore_token": token})
    await ada.log_in(ada.user["email"])

    assert restored.data["id"] == tenant_id
    assert (await ada.expect(200, "GET", f"/projects/{project['id']}")).data == project
    await eventually(_answers(anonymous, 200, share))
    await eventually(_answers(anonymous, 200, "/projects", key))


async def test_a_foreign_tenant_is_not_there_to_be_restored(ada: ApiClient, stranger: ApiClient) -> None:
    closed = (await stranger.expect(200, "GET", "/tenants/current")).data["id"]
    await stranger.expect(204, "DELETE", "/tenants/current")

    foreign = await ada.call("POST", f"/tenants/{closed}/restore")
    random = await ada.call("POST", "/tenants/0189aaaa-0000-7000-8000-000000000001/restore")

    assert (foreign.status, foreign.code) == (random.status, random.code) == (404, "TENANT_NOT_FOUND")


def _answers(who: ApiClient, status: int, path: str, headers: dict[str, str] | None = None) -> Callable[[], Any]:
    async def answers() -> bool:
        return (await who.call("GET", path, headers=headers)).status == status

    return answers


async def _close_code(socket: Any) -> int | None:
    try:
        async with asyncio.timeout(OUT_SECONDS):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code
