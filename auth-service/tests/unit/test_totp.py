"""Codes of authenticator apps: the vectors of RFC 6238, the tolerance, and that each works once."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, strategies as st

from auth_service.mfa.totp import STEP_SECONDS, code_of, matching_step, new_secret, otpauth_url, step_at

RFC_SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unix_seconds", "code"),
    [  # RFC 6238, appendix B, the SHA-1 rows
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(unix_seconds: int, code: str) -> None:
    assert code_of(RFC_SECRET, unix_seconds // STEP_SECONDS, digits=8) == code


@pytest.mark.parametrize(("count", "code"), [(0, "755224"), (1, "287082"), (4, "338314"), (9, "520489")])
def test_six_digits_are_those_of_the_standard_before(count: int, code: str) -> None:
    """RFC 4226, appendix D."""
    assert code_of(RFC_SECRET, count) == code


@pytest.mark.parametrize(("steps_off", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps_off: int, is_good: bool) -> None:
    secret, step = new_secret(), step_at(NOW) + steps_off

    assert matching_step(secret, code_of(secret, step), NOW, last_used=None) == (step if is_good else None)


def test_a_code_works_once_and_makes_earlier_ones_worthless() -> None:
    secret, step = new_secret(), step_at(NOW)

    assert matching_step(secret, code_of(secret, step), NOW, last_used=step) is None
    assert matching_step(secret, code_of(secret, step - 1), NOW, last_used=step) is None
    assert matching_step(secret, code_of(secret, step + 1), NOW, last_used=step) == step + 1


@given(st.text(max_size=8))
def test_any_other_text_is_of_no_step(text: str) -> None:
    secret = RFC_SECRET
    real = {code_of(secret, step_at(NOW) + drift) for drift in (-1, 0, 1)}

    assert (matching_step(secret, text, NOW, last_used=None) is not None) == (text in real)


def test_a_new_step_begins_every_thirty_seconds() -> None:
    assert step_at(NOW + timedelta(seconds=20)) == step_at(NOW) + 1


def test_the_address_for_apps_names_the_account_and_the_secret() -> None:
    secret = new_secret()

    url = urlsplit(otpauth_url(secret, "ada+x@example.com"))

    assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", "/Tessera:ada+x@example.com")
    asked = {name: value for name, [value] in parse_qs(url.query).items()}
    assert base64.b32decode(asked.pop("secret")) == secret
    assert asked == {"issuer": "Tessera", "algorithm": "SHA1", "digits": "6", "period": "30"}
