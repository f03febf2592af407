"""Everything that a recording is read by, and how an answer of today is compared with the recorded one."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import aiohttp

from deploy.api_client import ApiClient, api_client
from deploy.quality.upgrade.placeholders import filled
from deploy.quality.upgrade.walk import Account, second_factor

ALL = "?page_size=100"

# Answers that have to be the same for ever. Names in braces are those of the walk.
EXACT = {
    "ada": (
        "/users/me",
        "/profile",
        "/users" + ALL,
        "/users/{grace}",
        "/users/{made}",
        "/tenants" + ALL,
        "/tenants/current",
        "/settings",
        "/api-keys" + ALL,
        "/projects" + ALL,
        "/projects/{project}",
        "/projects/{site}",
        "/projects/{archived_project}",
        "/favorites" + ALL,
        "/projects/{project}/tags",
        "/projects/{project}/team" + ALL,
        "/projects/{project}/activity" + ALL,
        "/projects/{project}/files?include=content",
        "/projects/{site}/files",
        "/projects/{project}/files/{large_file}",
        "/project-files/{project}",
        "/projects/{project}/versions" + ALL,
        "/projects/{project}/versions/1",
        "/projects/{project}/versions/4",
        "/projects/{project}/versions/2/diff?against=1",
        "/projects/{project}/tasks" + ALL,
        "/projects/{site}/tasks" + ALL,
        "/projects/{project}/tasks/labels",
        "/projects/{project}/tasks/{task}",
        "/projects/{project}/tasks/{later_task}",
        "/projects/{project}/tasks/{task}/attachments",
        "/projects/{project}/comments" + ALL,
        "/sessions" + ALL,
        "/sessions/{session}",
        "/sessions/{session_fork}",
        "/sessions/related?tags=moon",
        "/search?q=legs",
        "/search/projects?q=lander",
        "/search/tasks?q=legs",
        "/search/comments?q=half",
        "/persons" + ALL,
        "/persons/{person}",
        "/persons/{grace_as_person}",
        "/persons/{person}/history" + ALL,
        "/occasions" + ALL,
        "/occasions/{occasion}",
        "/occasions/{occasion}/summary",
        "/gifts" + ALL,
        "/gifts/{gift}",
        "/gifts/search?q=pen",
        "/lists" + ALL,
        "/lists/{list}",
        "/lists/{wishes}",
        "/lists/{revealed}",
        "/lists/{list}/items",
        "/lists/{wishes}/items",
        "/list-items/{item}",
        "/comments?entity_type=list&entity_id={wishes}",
        "/webhooks" + ALL,
        "/webhooks/{webhook}",
        "/webhooks/{quiet_webhook}",
        "/conversations/{conversation}",
        "/conversations/{conversation_fork}",
        "/conversations/{conversation}/messages?page_size=200",
        "/conversations/{conversation}/messages?branch={branch}",
        "/conversations/{conversation_fork}/messages?page_size=200",
        "/conversations/{conversation}/shares",
        "/conversations/{conversation}/export",
        "/shares/{share}",
        "/usage?from=2020-01-01&to=2026-12-31",
        "/chats" + ALL,
        "/chats/{chat}",
        "/chats/{direct_chat}",
        "/chats/{project_chat}",
        "/chats/{chat}/participants",
        "/chats/{chat}/messages?page_size=200",
        "/notifications" + ALL,
        "/notifications/settings",
    ),
    "grace": (
        "/users/me",
        "/settings",
        "/projects" + ALL,
        "/projects/{project}/tasks" + ALL,
        "/lists" + ALL,
        "/lists/{wishes}/items",
        "/chats" + ALL,
        "/notifications" + ALL,
        "/notifications/settings",
    ),
    "mallory": ("/users/me", "/projects" + ALL, "/conversations" + ALL),
    "mia": ("/users/me",),
}

# What depends on the day, or is kept for a while only: it has to be readable, whatever it says.
READABLE = {
    "ada": (
        "/auth/sessions" + ALL,
        "/audit-logs" + ALL,
        "/invitations" + ALL,
        "/conversations" + ALL,  # one of them is temporary
        "/dashboard",
        "/webhooks/{webhook}/deliveries",
        "/events?topic=tasks:{project}",
        "/settings/schema",
        "/projects/templates",
        "/models",
        "/support/faq",
    ),
}

# Bytes, compared by their digest; redirects are followed.
BYTES = {
    "ada": (
        "/projects/{project}/files/{large_file}/content",
        "/projects/{project}/tasks/{task}/attachments/{attachment}/download",
    ),
}

# The one device of all readers: a sign-in from another one would notify the user.
_DEVICE = {"User-Agent": "Reader of recordings"}

# Fields that say when somebody last did something: reading is doing something.
_MOVING = {"last_login_at", "last_used_at", "last_accessed_at", "last_seen_at", "next_cursor"}


async def read_all(url: str, accounts: Mapping[str, Account], names: Mapping[str, str]) -> dict[str, Any]:
    """The answer to each read, under `<person> <path>`; only its status where that is all that lasts."""
    answers: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for person, account in accounts.items():
            client = await sign_in(await stack.enter_async_context(api_client(url)), account)
            for path in EXACT.get(person, ()):
                answers[f"{person} {path}"] = (await client.expect(200, "GET", filled(path, names))).body
            for path in READABLE.get(person, ()):
                answers[f"{person} {path}"] = (await client.expect(200, "GET", filled(path, names))).status
            for path in BYTES.get(person, ()):
                answers[f"{person} {path}"] = await _digest(client, filled(path, names))
    return answers


async def sign_in(client: ApiClient, account: Account) -> ApiClient:
    asked = {"email": account.email, "password": account.password}
    if account.totp_secret is None:
        client.tokens = (await client.expect(200, "POST", "/auth/login", asked, headers=_DEVICE)).data["tokens"]
        return client
    refused = await client.expect(401, "POST", "/auth/login", asked, headers=_DEVICE)
    # One step ahead: the code of this one may have served to enrol.
    code = {
        "mfa_token": refused.body["error"]["details"]["mfa_token"],
        "code": second_factor(account.totp_secret, ahead=1),
    }
    client.tokens = (await client.expect(200, "POST", "/auth/login/mfa", code)).data["tokens"]
    return client


async def _digest(client: ApiClient, path: str) -> str:
    headers = {"Authorization": f"Bearer {client.access_token}"}
    async with aiohttp.ClientSession() as session, session.get(f"{client.url}/api/v1{path}", headers=headers) as answer:
        answer.raise_for_status()
        return hashlib.sha256(await answer.read()).hexdigest()


def differences(recorded: Any, today: Any, place: str = "") -> Iterator[str]:
    """Where something recorded is missing or other today. New fields are fine; times are compared as moments."""
    if isinstance(recorded, dict) and isinstance(today, dict):
        for key in recorded.keys() - _MOVING:
            yield from differences(recorded[key], today.get(key, "(missing)"), f"{place}.{key}")
    elif isinstance(recorded, list) and isinstance(today, list) and len(recorded) == len(today):
        for number, (one, other) in enumerate(zip(recorded, today, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif _comparable(recorded) != _comparable(today):
        yield f"{place}: {recorded!r} was recorded, {today!r} is read"


def _comparable(value: Any) -> Any:
    if isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
