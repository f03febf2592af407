"""No secret and no control character gets into the audit log."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gateway.audit.sanitising import REDACTED, sanitised_agent, sanitised_body, sanitised_endpoint, sanitised_text

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SECRETS = st.sampled_from(
    [
        "tsk_" + "aB3" * 20,
        "tsr_Q2FuYXJ5LXJlZnJlc2g",
        "whsec_Q2FuYXJ5LXdlYmhvb2s",
        "sk-proj-Q2FuYXJ5LW1vZGVs",
        "ghp_Q2FuYXJ5Z2l0aHVi00000000000000000000",
        JWT,
        "Bearer canary-bearer",
        "bearer\tcanary-bearer",
        "Basic Y2FuYXJ5OmNhbmFyeQ==",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "postgres://ada:canary@db/x",
        "https://x.example/?token=canary",
        "Xk3v9QpLm2Zr8TdWc5Yb1NfHs7Gj4Ae6",
    ]
)
SECRET_NAMES = st.sampled_from(
    [
        "password",
        "newPassword",
        "current_password",
        "PASSWD",
        "passphrase",
        "secret",
        "clientSecret",
        "token",
        "mfa_token",
        "accessToken",
        "api_key",
        "apiKey",
        "API-KEY",
        "key",
        "code",
        "recovery_codes",
        "otp",
        "authorization",
        "Authorisation",
        "cookie",
        "card",
        "cardNumber",
        "cvc",
        "pin",
        "private-key",
        "signature",
        "Set-Cookie",
    ]
)
CANARY = "canary value, nothing special about it"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def wrapped(value: Any, around: list[str]) -> Any:
    for name in around:
        value = [value] if name == "" else {name: value}
    return value


@given(SECRETS, st.lists(st.sampled_from(["", "note", "list", "0"]), max_size=8), st.text(max_size=10), JSON)
def test_no_secret_survives_that_can_be_told_by_its_form(
    secret: str, around: list[str], before: str, other: Any
) -> None:
    body = {"planted": wrapped(f"{before} {secret}", around), secret: 1, "other": other}

    kept = sanitised_body(json.dumps(body).encode())

    assert kept is not None
    assert secret not in kept
    assert "canary" not in json.dumps(json.loads(kept)["planted"])


@given(SECRET_NAMES, st.lists(st.sampled_from(["", "note"]), max_size=8), JSON)
def test_nothing_under_a_name_for_secrets_survives(name: str, around: list[str], other: Any) -> None:
    body = wrapped({name: wrapped(CANARY, around), "title": "kept"}, around)

    kept = sanitised_body(json.dumps(body).encode())

    assert kept is not None
    assert CANARY not in kept
    assert REDACTED in kept
    assert "kept" in kept


def test_what_is_no_secret_is_kept() -> None:
    body = {
        "title": "Write the release notes",
        "assignee_id": "0198c7f0-0000-7000-8000-000000000001",
        "labels": ["keyboard", "monkey", "encoder", "pinned"],
        "due": "2026-12-01T10:00:00Z",
        "estimate": 3.5,
        "done": False,
        "parent": None,
    }

    assert json.loads(sanitised_body(json.dumps(body).encode()) or "") == body


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'"\\ud800"', b"[" * 4096, b"NaN", b"{'a': 1}"])
def test_what_is_not_json_is_not_kept(raw: bytes) -> None:
    assert sanitised_body(raw) is None


def test_what_lies_too_deep_is_left_out() -> None:
    body = b'{"a":' * 300 + b'"deep canary"' + b"}" * 300

    assert "canary" not in (sanitised_body(body) or "")


@given(st.text())
def test_no_text_keeps_what_breaks_lines_or_turns_them_around(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", sanitised_text(text))


@given(st.binary(max_size=200))
def test_an_agent_is_printable(raw: bytes) -> None:
    agent = sanitised_agent(raw)

    assert "\n" not in agent
    assert "\x00" not in agent


def test_an_agent_that_carries_a_credential_loses_it() -> None:
    assert sanitised_agent(b"tool/1.0 Bearer canary") == f"tool/1.0 {REDACTED}"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/api/v1/projects/0198c7f0-0000-7000-8000-000000000001/tasks", None),
        ("/api/v1/settings/editor/font_size", None),
        ("/api/v1/auth/tsk_abcdefghijk", "/api/v1/auth/[redacted]"),
        ("/api/v1/auth/ts%6b_abcdefghijk", "/api/v1/auth/[redacted]"),
        (f"/api/v1/shares/{JWT}", "/api/v1/shares/[redacted]"),
        ("/api/v1/shares/Xk3v9QpLm2Zr8TdWc5Yb1NfHs7Gj4Ae6", "/api/v1/shares/[redacted]"),
    ],
)
def test_an_endpoint_keeps_ids_and_loses_tokens(path: str, kept: str | None) -> None:
    assert sanitised_endpoint(path.encode()) == (kept or path)
