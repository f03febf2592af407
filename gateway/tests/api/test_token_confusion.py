"""Credentials that are forged, or good for something else: refused wherever they are shown, and nobody is asked."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway_stack import Stack
from recording_services import Issuer

from shared.identity import mint_identity, mint_service_identity

FORGED: dict[str, Callable[[Issuer], str]] = {
    **{
        f"alg_{spelling}": lambda issuer, spelling=spelling: unsigned(issuer, spelling)
        for spelling in ("none", "None", "NONE", "nOnE", "none ", "", None, 0, ["none"], {"a": "none"}, "EdDSA")
    },
    "alg_left_out": lambda issuer: unsigned(issuer, ...),
    **{
        f"hmac_{name}_with_our_public_key": lambda issuer, name=name: with_public_key_as_secret(issuer, name)
        for name in ("HS256", "HS384", "HS512")
    },
    "another_key": lambda issuer: issuer.forged(key=Ed25519PrivateKey.generate()),
    "wrong_audience": lambda issuer: issuer.forged(aud="project"),
    "audiences_without_ours": lambda issuer: issuer.forged(aud=["project", "auth"]),
    "no_audience": lambda issuer: issuer.forged(aud=...),
    "wrong_issuer": lambda issuer: issuer.forged(iss="gateway"),
    "no_issuer": lambda issuer: issuer.forged(iss=...),
    "wrong_type": lambda issuer: issuer.forged({"typ": "JWT"}),
    "refresh_type": lambda issuer: issuer.forged({"typ": "rt+jwt"}),
    "no_type": lambda issuer: issuer.forged({"typ": None}),
    "no_expiry": lambda issuer: issuer.forged(exp=...),
    "expiry_null": lambda issuer: issuer.forged(exp=None),
    "expiry_as_text": lambda issuer: issuer.forged(exp="9999999999"),
    "expiry_as_float": lambda issuer: issuer.forged(exp=9999999999.0),
    "expiry_never": lambda issuer: issuer.forged(exp=10**40),
    "expiry_infinite": lambda issuer: issuer.forged(exp=float("inf")),
    "expiry_true": lambda issuer: issuer.forged(exp=True),
    "unknown_key": lambda issuer: issuer.forged({"kid": "two"}),
    "key_as_path": lambda issuer: issuer.forged({"kid": "../../../../dev/null"}),
    "key_as_number": lambda issuer: issuer.forged({"kid": "1"}),
    "no_key": lambda issuer: issuer.forged({"kid": ...}),
    "scopes_given_to_itself": lambda issuer: issuer.forged(scopes=["*:write"]),
    "platform_admin_as_text": lambda issuer: issuer.forged(pa="true"),
    "unknown_role": lambda issuer: issuer.forged(role="root"),
    "tenant_as_list": lambda issuer: issuer.forged(tid=["a"]),
    "critical_extension": lambda issuer: issuer.forged({"crit": ["b64"], "b64": False}),
    "huge": lambda issuer: issuer.forged(more="x" * 15_000),
    "deep": lambda issuer: unsigned(issuer, nested(500)) + "AA",
    "signature_cut": lambda issuer: issuer.token()[:-4],
    "signature_doubled": lambda issuer: issuer.token() + "." + issuer.token().rpartition(".")[2],
    "padding": lambda issuer: issuer.token() + "==",
    "identity_for_a_service": lambda issuer: mint_identity(issuer.principal(), "project", "s" * 32, datetime.now(UTC)),
    "identity_of_a_service": lambda _: mint_service_identity("gateway", "auth", "s" * 32, datetime.now(UTC)),
    "refresh_token": lambda _: "tsr_" + "A" * 86,
    "session_exchange_token": lambda _: "tso_" + "A" * 86,
    "second_factor_token": lambda _: "tsm_" + "A" * 86,
    "known_device_token": lambda _: "tsd_" + "A" * 86,
    "session_cookie": lambda _: "tsc_" + "A" * 86,
    "mail_token": lambda _: base64.urlsafe_b64encode(b"m" * 48).decode(),
    "user_id": lambda issuer: str(issuer.principal().user_id),
}

AS: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "bearer": lambda text: ("/api/v1/projects", {"Authorization": f"Bearer {text}"}),
    "key": lambda text: ("/api/v1/projects", {"X-API-Key": text}),
    "cookie": lambda text: ("/api/v1/projects", {"Cookie": f"tessera_session={text}"}),
    "query": lambda text: (f"/ws?token={text}", {}),
}
OPAQUE = "_token", "_cookie", "user_id"  # of another kind, they are asked about: only auth-service can tell


async def ask(stack: Stack, path: str, headers: dict[str, str]) -> tuple[int, str]:
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        body = msgspec.json.decode(await response.read())
        return response.status, body["error"]["code"] if "error" in body else ""


@pytest.mark.parametrize("name", FORGED)
async def test_it_is_refused_wherever_it_is_shown(stack: Stack, name: str) -> None:
    await ask(stack, *AS["bearer"](stack.auth.issuer.token()))  # the keys are known from now on
    asked, forged = len(stack.auth.begun), FORGED[name](stack.auth.issuer)

    answers = {place: await ask(stack, *show(forged)) for place, show in AS.items() if fits(forged, place)}

    assert set(answers.values()) == {(401, "AUTH_INVALID_TOKEN")}, answers
    assert len(stack.project.requests) == 1
    assert not stack.realtime.requests
    if not name.endswith(OPAQUE):
        assert len(stack.auth.begun) == asked


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk", "x5c"])
async def test_a_key_that_a_token_brings_along_is_not_even_fetched(stack: Stack, header: str) -> None:
    own, connections = Ed25519PrivateKey.generate(), 0

    async def trap(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    async with await asyncio.start_server(trap, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
        x = encoded(own.public_key().public_bytes_raw())
        brought = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}, "x5c": [encoded(b"certificate")]}.get(header, url)
        for key_id in ("one", "of-my-own"):
            token = stack.auth.issuer.forged({header: brought, "kid": key_id}, own)
            assert await ask(stack, *AS["bearer"](token)) == (401, "AUTH_INVALID_TOKEN")

    assert connections == 0
    assert not stack.project.requests


@pytest.mark.parametrize("place", AS)
async def test_a_hundred_kilobytes_are_refused_unread(stack: Stack, place: str) -> None:
    path, headers = AS[place]("a" * 100_000)
    lines = [f"GET {path} HTTP/1.1", "Host: a", *(f"{name}: {value}" for name, value in headers.items()), "", ""]

    answer = await stack.raw("\r\n".join(lines).encode())

    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 414 "))


async def test_made_up_keys_make_nobody_fetch_ours_again_and_again(stack: Stack) -> None:
    issuer = stack.auth.issuer
    tokens = [issuer.forged({"kid": f"made-up-{number}"}) for number in range(50)]
    asking: list[Coroutine[Any, Any, tuple[int, str]]] = [ask(stack, *AS["bearer"](token)) for token in tokens]

    answers = await asyncio.gather(*asking)

    assert set(answers) == {(401, "AUTH_INVALID_TOKEN")}
    assert len([line for line in stack.auth.begun if b"jwks" in line]) <= 1


def fits(text: str, place: str) -> bool:
    """An address takes less than a header; a space ends it."""
    return place != "query" or len(text) < 8_000


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def rewritten(issuer: Issuer, algorithm: object) -> str:
    """Head and body of a token of ours, under another algorithm."""
    header = {"typ": "at+jwt", "kid": "one", **({} if algorithm is ... else {"alg": algorithm})}
    return f"{encoded(json.dumps(header).encode())}.{issuer.token().split('.')[1]}"


def unsigned(issuer: Issuer, algorithm: object) -> str:
    return rewritten(issuer, algorithm) + "."


def with_public_key_as_secret(issuer: Issuer, algorithm: str) -> str:
    signed = rewritten(issuer, algorithm)
    digest = getattr(hashlib, algorithm.replace("HS", "sha"))
    return f"{signed}.{encoded(hmac.digest(issuer.public_pem(), signed.encode(), digest))}"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value
