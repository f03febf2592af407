"""Fills a running stack: its accounts, then every step of `steps`."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from aiohttp import FormData, web

from auth_service.mfa import totp
from deploy.api_client import ApiClient, api_client
from deploy.e2e.joining import join
from deploy.mail_folder import mailed_token
from deploy.quality.upgrade import steps
from deploy.quality.upgrade.placeholders import filled
from shared.testing.eventually import eventually

PASSWORD = "correct horse battery"  # noqa: S105 - of accounts that exist in the recording only
LARGE_ATTACHMENT = bytes(range(256)) * 400  # 100 KiB: more than the database keeps, so it lies in the object store


class Account(NamedTuple):
    email: str
    password: str
    totp_secret: str | None = None


class Walked(NamedTuple):
    """Who can sign in to what was made, and what the names in paths stand for."""

    accounts: dict[str, Account]
    names: dict[str, str]


async def walk(url: str, mail: Path, receiver_port: int) -> Walked:
    """`receiver_port` is one of this machine that the stack may send webhooks to."""
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(api_client(url)) for name in ("ada", "grace", "mallory", "mia")}
        receiver = await stack.enter_async_context(_webhook_receiver(receiver_port))
        names = await _make_accounts(people, mail) | {"receiver": receiver}
        secret = await _enrol_second_factor(people["mia"])
        for number, step in enumerate(steps.ALL):
            await _take(step, f"step-{number}", people, names)
        await _attach_large_file(people["ada"], names)
        names["large_file"] = await _id_of_file(people["ada"], names["project"], "docs/large.txt")
        await people["mallory"].expect(201, "POST", "/projects", {"name": "Of another tenant"})
        await people["mallory"].call(
            "POST", "/auth/login", {"email": names["ada_email"], "password": "a wrong password"}
        )
        await _settled(people["ada"], names)
    accounts = {name: Account(person.user["email"], PASSWORD) for name, person in people.items()}
    accounts["mia"] = accounts["mia"]._replace(totp_secret=secret)
    return Walked(accounts, names)


def second_factor(secret: str, ahead: int = 0) -> str:
    """The code of this moment, or one that follows `ahead` steps later: a code is good once."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return totp.code_of(key, totp.step_at(datetime.now(UTC)) + ahead)


async def _make_accounts(people: dict[str, ApiClient], mail: Path) -> dict[str, str]:
    for name in ("ada", "mallory", "mia"):
        await people[name].register(name.title())
    await join(people["ada"], people["grace"], "Grace", mail)
    ids = {name: person.user["id"] for name, person in people.items()} | {
        "made": await _add_member(people["ada"], mail)
    }
    emails = {f"{name}_email": person.user["email"] for name, person in people.items()}
    return ids | emails


async def _add_member(person: ApiClient, mail: Path) -> str:
    """The id of somebody who was added and has chosen a password."""
    added = {"email": "made@example.com", "first_name": "Made", "last_name": "By Ada"}
    await person.expect(201, "POST", "/users", added)
    chosen = {"token": await mailed_token(mail, added["email"], "reset-password"), "password": PASSWORD}
    await person.expect(204, "POST", "/auth/reset-password", chosen)
    members = (await person.expect(200, "GET", "/users?page_size=100")).body["items"]
    return next(str(member["id"]) for member in members if member["email"] == added["email"])


async def _enrol_second_factor(person: ApiClient) -> str:
    """Mia has a second factor, recovery codes, and a sign-in that still waits for its code."""
    secret = str((await person.expect(200, "POST", "/users/me/mfa")).data["secret"])
    await person.expect(200, "POST", "/users/me/mfa/confirm", {"code": second_factor(secret)})
    await person.expect(401, "POST", "/auth/login", {"email": person.user["email"], "password": PASSWORD})
    return secret


async def _take(step: steps.Step, key: str, people: dict[str, ApiClient], names: dict[str, str]) -> None:
    method, path = filled(step.call, names).split(" ", 1)
    headers = {"Idempotency-Key": key} if method == "POST" else {}
    answer = await people[step.person].expect(step.status, method, path, filled(step.body, names), headers=headers)
    if step.name:
        names[step.name] = answer.data[step.key]


async def _attach_large_file(person: ApiClient, names: dict[str, str]) -> None:
    path = filled("/projects/{project}/tasks/{task}/attachments", names)
    for name in ("attachment", "deleted_attachment"):
        form = FormData()
        form.add_field("file", LARGE_ATTACHMENT, filename="large.bin", content_type="application/octet-stream")
        names[name] = (await person.expect(201, "POST", path, data=form)).data["id"]
    await person.expect(204, "DELETE", f"{path}/{names['deleted_attachment']}")


async def _id_of_file(person: ApiClient, project: str, path: str) -> str:
    files = (await person.expect(200, "GET", f"/projects/{project}/files")).body["items"]
    return next(str(file["id"]) for file in files if file["path"] == path)


async def _settled(person: ApiClient, names: dict[str, str]) -> None:
    """Until what follows from the calls has arrived as well: the delivered webhook, the mention of Grace."""

    async def is_delivered() -> bool:
        answer = await person.expect(200, "GET", f"/webhooks/{names['webhook']}/deliveries")
        return bool(answer.body["items"]) and all(item["status"] == "delivered" for item in answer.body["items"])

    await eventually(is_delivered, within=30.0)


@asynccontextmanager
async def _webhook_receiver(port: int) -> AsyncIterator[str]:
    """Takes everything; its address."""
    app = web.Application()
    app.router.add_post("/hook", _accept)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        await runner.cleanup()


async def _accept(_: web.Request) -> web.Response:
    return web.Response(status=204)
