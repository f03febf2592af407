"""API keys and session cookies through the public door: what they reach, and how fast they are out."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deploy.api_client import Answer, ApiClient, api_client
from deploy.embedded.postgres_home import remove_data
from deploy.mail_folder import mail_folder, prove_address
from deploy.stack_process import EMBEDDED, StackProcess, stack_process

PASSWORD = "correct horse battery"  # noqa: S105
OUT_SECONDS = 1.0


async def make_key(owner: ApiClient, *scopes: str) -> dict[str, Any]:
    answer = await owner.expect(201, "POST", "/api-keys", {"name": "robot", "scopes": list(scopes)})
    data: dict[str, Any] = answer.data
    return data


async def sign_in_by_cookie(anonymous: ApiClient, who: ApiClient) -> dict[str, str]:
    """The headers of a page of our own."""
    body = {"email": who.user["email"], "password": PASSWORD, "cookie": True}
    return page_headers(anonymous, await anonymous.expect(200, "POST", "/auth/login", body))


def page_headers(anonymous: ApiClient, answer: Answer) -> dict[str, str]:
    values = [re.match(r"tessera_session=([^;]+)", line) for line in answer.headers.getall("Set-Cookie")]
    (value,) = (found[1] for found in values if found)
    return {"Cookie": f"tessera_session={value}", "Origin": anonymous.url}


async def until_refused(anonymous: ApiClient, headers: dict[str, str]) -> Answer:
    async with asyncio.timeout(OUT_SECONDS):
        while (answer := await anonymous.call("GET", "/projects", headers=headers)).status == 200:
            await asyncio.sleep(0.01)
    return answer


async def test_a_key_reaches_as_far_as_its_scopes_and_its_owner(
    ada: ApiClient, stranger: ApiClient, anonymous: ApiClient
) -> None:
    key = (await make_key(ada, "projects:read", "projects:write"))["key"]
    foreign = {"X-API-Key": (await make_key(stranger, "*:read", "*:write"))["key"]}

    made = await anonymous.expect(201, "POST", "/projects", {"name": "Apollo"}, headers={"X-API-Key": key})

    project = f"/projects/{made.data['id']}"
    bearer = {"Authorization": f"Bearer {key}"}
    assert made.data["owner_id"] == ada.user["id"]
    assert (await anonymous.call("GET", project, headers=bearer)).status == 200
    assert (await anonymous.call("GET", f"{project}/tasks", headers=bearer)).code == "AUTH_FORBIDDEN"
    assert (await anonymous.call("GET", "/conversations", headers=bearer)).code == "AUTH_FORBIDDEN"
    assert (await anonymous.call("GET", "/api-keys", headers=bearer)).code == "AUTH_FORBIDDEN"
    assert (await anonymous.call("GET", project, headers=foreign)).status == 404


async def test_a_revoked_key_is_out_within_a_second_and_so_is_its_socket(
    stack: StackProcess, ada: ApiClient, anonymous: ApiClient
) -> None:
    made = await make_key(ada, "projects:read")
    headers = {"X-API-Key": made["key"]}
    await anonymous.expect(200, "GET", "/projects", headers=headers)
    async with connect(stack.live_url, additional_headers=headers) as socket:
        await ada.expect(204, "DELETE", f"/api-keys/{made['id']}")

        assert (await until_refused(anonymous, headers)).code == "AUTH_INVALID_TOKEN"
        assert await close_code(socket) == 4009


async def test_a_key_follows_topics_of_its_scopes_only(stack: StackProcess, ada: ApiClient) -> None:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    key = (await make_key(ada, "tasks:read"))["key"]

    async with connect(stack.live_url, additional_headers={"X-API-Key": key}) as socket:
        answers = {}
        for topic in (f"tasks:{project}", f"project:{project}", f"user:{ada.user['id']}"):
            await socket.send(f'{{"action": "subscribe", "topic": "{topic}", "id": "{topic}"}}')
            answers[topic.partition(":")[0]] = "TOPIC_NOT_FOUND" in str(await socket.recv())

    assert answers == {"tasks": False, "project": True, "user": True}


async def test_a_page_works_with_its_cookie_until_the_session_ends(
    stack: StackProcess, ada: ApiClient, anonymous: ApiClient
) -> None:
    page = await sign_in_by_cookie(anonymous, ada)
    elsewhere = {"Cookie": page["Cookie"], "Origin": "https://evil.example.com"}

    await anonymous.expect(201, "POST", "/projects", {"name": "Apollo"}, headers=page)
    assert (await anonymous.call("POST", "/projects", {"name": "x"}, headers=elsewhere)).code == "ORIGIN_NOT_ALLOWED"
    assert (await anonymous.call("POST", "/auth/refresh", {}, headers=elsewhere)).code == "ORIGIN_NOT_ALLOWED"
    renewed = await anonymous.expect(200, "POST", "/auth/refresh", {}, headers=page)
    former, page = page, page_headers(anonymous, renewed)
    assert former != page
    await anonymous.expect(200, "GET", "/projects", headers=former)  # what was under way still arrives
    async with connect(stack.live_url, additional_headers=page) as socket:
        out = await anonymous.expect(204, "POST", "/auth/logout", headers=page)

        assert "tessera_session=; Max-Age=0" in out.headers["Set-Cookie"]
        assert (await until_refused(anonymous, page)).code == "AUTH_SESSION_REVOKED"
        assert await close_code(socket) == 4009


async def test_an_app_hands_its_user_over_to_the_web_once(ada: ApiClient, anonymous: ApiClient) -> None:
    link = (await ada.expect(200, "POST", "/auth/session-token")).data["url"]
    body = {"token": link.rpartition("token=")[2]}

    answers = await asyncio.gather(*(anonymous.call("POST", "/auth/session-exchange", body) for _ in range(50)))

    (won,) = (answer for answer in answers if answer.status == 200)
    assert {answer.code for answer in answers if answer is not won} == {"SESSION_TOKEN_EXPIRED"}
    assert won.data["user"]["id"] == ada.user["id"]
    me = await anonymous.expect(200, "GET", "/users/me", headers=page_headers(anonymous, won))
    assert me.data["id"] == ada.user["id"]


async def test_a_ticket_opens_one_live_connection_which_ends_with_its_session(
    stack: StackProcess, ada: ApiClient
) -> None:
    ticket = (await ada.expect(201, "POST", "/realtime/ticket")).data["ticket"]

    async with connect(f"{stack.live_url}?ticket={ticket}") as socket:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stack.live_url}?ticket={ticket}")
        await ada.expect(204, "POST", "/auth/logout")

        assert refused.value.response.status_code == 401
        assert await close_code(socket) == 4009


@pytest.fixture
async def talkative(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[StackProcess]:
    """What it writes is captured."""
    async with stack_process(EMBEDDED, tmp_path, {"LOG_LEVEL": "debug"}) as stack:
        yield stack
    remove_data(tmp_path / "postgres")


async def test_no_credential_is_ever_logged_or_stored(
    talkative: StackProcess, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with api_client(talkative.url) as ada, api_client(talkative.url) as anonymous:
        await prove_address(await ada.register("Ada"), mail_folder(talkative.environ))
        key = (await make_key(ada, "*:read"))["key"]
        page = await sign_in_by_cookie(anonymous, ada)
        token = (await ada.expect(200, "POST", "/auth/session-token")).data["url"].rpartition("token=")[2]
        ticket = (await ada.expect(201, "POST", "/realtime/ticket")).data["ticket"]
        for _ in range(2):
            await anonymous.call("GET", f"//ws?ticket={ticket}")
        made_up = f"tsk_{uuid4().hex}"
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, page, {"X-API-Key": made_up}):
            await anonymous.call("GET", "/projects", headers=headers)
            await anonymous.call("POST", "/projects", {"name": "x" * 1_000}, headers=headers)
        for given in (token, token, made_up):
            await anonymous.call("POST", "/auth/session-exchange", {"token": given})
        await anonymous.call("GET", f"//ws?token={key}")
    await stop(talkative)

    logged = "".join(capfd.readouterr())
    stored = contents(tmp_path)
    cookie = page["Cookie"].partition("=")[2]
    secrets = [key, cookie, token, ticket, made_up, ada.access_token, ada.tokens["refresh_token"], PASSWORD]
    assert [secret for secret in secrets if secret in logged] == []
    assert any(ada.user["email"].encode() in content for content in stored)
    assert [secret for secret in secrets if any(secret.encode() in content for content in stored)] == []


async def test_no_secret_that_passes_an_auth_endpoint_is_logged_or_stored(
    talkative: StackProcess, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    canaries = [f"{name}-canary-{uuid4().hex}" for name in ("password", "token", "tsk_", "tsr_", "code")]
    password, token, key, refresh, code = canaries
    async with api_client(talkative.url) as ada, api_client(talkative.url) as anonymous:
        await ada.register("Ada", password)
        credentials = {"email": ada.user["email"], "password": password}
        for path, body in (
            ("/auth/login", credentials),
            ("/auth/login", {**credentials, "password": f"{password}!"}),
            ("/auth/login", {"email": "nobody@example.com", "password": password}),
            ("/auth/login", {"password": password, "key": key}),
            ("/auth/login/mfa", {"mfa_token": token, "code": code}),
            ("/auth/refresh", {"refresh_token": refresh}),
            ("/auth/session-exchange", {"token": token}),
            ("/auth/verify-email", {"token": token}),
            ("/auth/reset-password", {"token": token, "password": password}),
            ("/auth/register", {**credentials, "first_name": "A", "last_name": "B", "invitation_token": token}),
        ):
            await anonymous.call("POST", path, body)
        for method, path, body in (
            ("PUT", "/users/me/password", {"current_password": f"{password}?", "new_password": password}),
            ("DELETE", "/users/me", {"password": f"{password}?"}),
            ("POST", "/users/me/mfa/confirm", {"code": code}),
            ("POST", "/invitations/accept", {"token": token}),
            ("POST", "/projects", {"name": "Apollo", "secret": token, "api_key": key}),
            ("DELETE", f"/projects/{key}", None),
        ):
            await ada.call(method, path, body)
    await stop(talkative)

    logged = "".join(capfd.readouterr())
    stored = contents(tmp_path)
    assert any(b"auth.login" in content for content in stored)
    assert [canary for canary in canaries if canary in logged] == []
    assert [canary for canary in canaries if any(canary.encode() in content for content in stored)] == []


async def close_code(socket: Any) -> int:
    async with asyncio.timeout(OUT_SECONDS):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return int(socket.close_code)


def contents(folder: Path) -> list[bytes]:
    """Of the database too, whose files may live elsewhere, behind a link."""
    files = (Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names)
    return [file.read_bytes() for file in files if file.is_file()]


async def stop(stack: StackProcess) -> None:
    """What it wrote is complete after this."""
    stack.process.terminate()
    await stack.process.wait()
