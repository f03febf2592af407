"""Opaque credentials in tests: how a client gets one, and how the gateway asks whose it is."""

import re
from typing import Any

from auth_builders import INTERNAL_SECRET
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock

from shared.identity import HEADER, mint_service_identity
from shared.principal import Principal

COOKIE = "tessera_session"


async def make_key(auth: AuthClient, who: Principal, **changes: Any) -> dict[str, Any]:
    """The answer's data, `key` included."""
    body = {"name": "robot", "scopes": ["projects:read"]} | changes
    answer = await auth.send("POST", "/api/v1/api-keys", body, who=who)
    assert answer.status == 201, answer
    data: dict[str, Any] = answer.data
    return data


async def introspect(auth: AuthClient, clock: SettableClock, kind: str, credential: str) -> dict[str, Any]:
    identity = mint_service_identity("gateway", "auth", INTERNAL_SECRET, clock.now())
    body = {"kind": kind, "credential": credential}
    answer = await auth.send("POST", "/internal/introspect", body, headers={HEADER: identity})
    assert answer.status == 200, answer
    data: dict[str, Any] = answer.data
    return data


def session_cookie(answer: Answer) -> str:
    """The value of the one session cookie that an answer sets."""
    (found,) = (match for line in answer.cookies if (match := re.match(r"(?:__Host-)?tessera_session=([^;]*)", line)))
    return found[1]


def with_cookie(value: str, name: str = COOKIE) -> dict[str, str]:
    return {"Cookie": f"{name}={value}"}
