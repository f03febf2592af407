"""The audit log through the public door, in both ways to run: who did what, seen by the tenant's own admins only."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

from deploy.api_client import ApiClient
from deploy.e2e.gift_frames import moved_in
from deploy.stack_process import StackProcess

PASSWORD = "correct horse battery"  # noqa: S105
WITHIN_SECONDS = 5.0


async def the_record(who: ApiClient, query: str, **wanted: Any) -> dict[str, Any]:
    """Waits until it is in the log."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            answer = await who.expect(200, "GET", f"/audit-logs?page_size=100&{query}")
            for record in answer.body["items"]:
                if all(record[name] == value for name, value in wanted.items()):
                    found: dict[str, Any] = record
                    return found
            await asyncio.sleep(0.05)


async def test_a_mutation_is_in_the_log_and_in_no_other_tenants(ada: ApiClient, stranger: ApiClient) -> None:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    task = await ada.expect(201, "POST", f"/projects/{project}/tasks", {"title": "Land"})
    await stranger.call("DELETE", f"/projects/{project}")

    record = await the_record(ada, "action=task.create")
    attempt = await the_record(stranger, "action=project.delete", status_code=404)

    assert record["user_id"] == ada.user["id"]
    assert record["tenant_id"] == ada.user["tenant_id"]
    assert record["endpoint"] == f"/api/v1/projects/{project}/tasks"
    assert record["request_body"] == {"title": "Land"}
    assert record["trace_id"] == task.headers["X-Request-Id"]
    assert (record["status_code"], record["outcome"]) == (201, "success")
    assert attempt["outcome"] == "failed"
    foreign = await stranger.expect(200, "GET", f"/audit-logs?actor_id={ada.user['id']}")
    assert (foreign.body["items"], foreign.body["total"]) == ([], 0)


async def test_signing_in_and_failing_to_is_in_the_log(ada: ApiClient, anonymous: ApiClient) -> None:
    email = ada.user["email"]
    await anonymous.call("POST", "/auth/login", {"email": email, "password": "not this one"})
    await anonymous.expect(200, "POST", "/auth/login", {"email": email, "password": PASSWORD})

    failed = await the_record(ada, "action=auth.login&outcome=denied")
    entered = await the_record(ada, "action=auth.login&outcome=success")
    registered = await the_record(ada, "action=auth.register")

    assert {record["user_id"] for record in (failed, entered, registered)} == {ada.user["id"]}
    assert (failed["status_code"], failed["session_id"]) == (401, None)
    assert entered["session_id"] not in (None, registered["session_id"])
    assert all(record["request_body"] is None for record in (failed, entered, registered))


async def test_the_reuse_of_a_refresh_token_is_in_the_log(ada: ApiClient, anonymous: ApiClient) -> None:
    again = await anonymous.expect(200, "POST", "/auth/login", {"email": ada.user["email"], "password": PASSWORD})
    stolen = again.data["tokens"]["refresh_token"]
    second = await anonymous.expect(200, "POST", "/auth/refresh", {"refresh_token": stolen})
    third = {"refresh_token": second.data["refresh_token"]}
    await anonymous.expect(200, "POST", "/auth/refresh", third)

    reused = await anonymous.call("POST", "/auth/refresh", {"refresh_token": stolen})

    assert reused.code == "AUTH_REFRESH_REUSED"
    record = await the_record(ada, "action=auth.refresh_reused")
    assert (record["user_id"], record["outcome"]) == (ada.user["id"], "denied")


async def test_no_secret_is_shown_in_the_log(ada: ApiClient, anonymous: ApiClient) -> None:
    canary = secrets.token_hex(12)
    key = (await ada.expect(201, "POST", "/api-keys", {"name": "robot", "scopes": ["*:read"]})).data["key"]
    project = (await ada.expect(201, "POST", "/projects", {"name": f"tsk_{canary}"})).data["id"]
    await ada.call("POST", f"/projects/{project}/tasks", {"title": "x", "password": canary})
    await ada.call("PUT", "/users/me/password", {"current_password": canary, "new_password": canary})
    await ada.call("PUT", "/settings/custom/secret", {"value": canary})
    await ada.call("POST", "/users/me/mfa/confirm", {"code": canary})
    await ada.call("GET", f"/projects?q={canary}")
    await anonymous.call("GET", "/projects", headers={"X-API-Key": key})
    await anonymous.call("POST", "/auth/login", {"email": ada.user["email"], "password": canary})
    await ada.call("DELETE", f"/projects/{uuid4()}")

    await the_record(ada, "action=project.delete")
    log = str((await ada.expect(200, "GET", "/audit-logs?page_size=100")).body)

    assert "project.list" in log
    assert [secret for secret in (canary, key, ada.access_token, PASSWORD) if secret in log] == []


async def test_the_log_is_closed_to_keys_and_to_whoever_is_not_signed_in(ada: ApiClient, anonymous: ApiClient) -> None:
    key = (await ada.expect(201, "POST", "/api-keys", {"name": "robot", "scopes": ["*:read"]})).data["key"]

    refused = [
        await anonymous.call("GET", "/audit-logs"),
        await anonymous.call("GET", "/audit-logs", headers={"X-API-Key": key}),
        await ada.call("POST", "/audit-logs", {}),
    ]

    assert [answer.status for answer in refused] == [401, 403, 405]


async def test_the_log_keeps_surprises_from_an_owner_for_whom_gifts_are_planned(embedded: StackProcess) -> None:
    async with AsyncExitStack() as exits:
        home = await moved_in(embedded, exits)
        scene, olga, ben = await home.scene(), home.people["olga"], home.people["ben"]
        await ben.expect(200, "PUT", f"/list-items/{scene['list_item_id']}/status", {"status": "selected"})
        before = await the_record(olga, "action=list_item.update_status", user_id=ben.user["id"])

        await olga.expect(201, "POST", "/persons", {"name": "Olga", "user_id": olga.user["id"]})

        after = (await olga.expect(200, "GET", "/audit-logs?page_size=100")).body["items"]
        assert before["endpoint"] == f"/api/v1/list-items/{scene['list_item_id']}/status"
        assert {record["action"] for record in after if record["user_id"] == ben.user["id"]} == {"auth.register"}
        assert [record for record in after if record["action"] == "occasion.create"]
