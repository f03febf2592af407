"""How limits scale, and which device is known."""

from datetime import UTC, datetime, timedelta

import pytest

from auth_service.throttling.domain import Limit
from auth_service.throttling.known_devices import KnownDevices

SECRET = "key-encryption-secret-of-the-tests-01"


def test_a_limit_never_scales_down_to_nothing() -> None:
    limit = Limit("login", 5, timedelta(minutes=15))

    assert [limit.scaled(factor).allowed for factor in (0.01, 1, 10)] == [1, 5, 50]


def test_a_device_is_known_to_the_account_that_signed_in_on_it() -> None:
    devices = KnownDevices(SECRET)

    cookie = devices.introduce("Ada@example.com")

    assert devices.recognise(cookie, "ada@example.com") is not None
    assert devices.recognise(cookie, "eve@example.com") is None


@pytest.mark.parametrize(
    "damage", [str.upper, lambda text: text[:-1], lambda text: text + "A", lambda _: "", lambda _: "é"]
)
def test_a_made_up_cookie_is_of_no_device(damage: object) -> None:
    devices = KnownDevices(SECRET)
    assert callable(damage)

    assert devices.recognise(damage(devices.introduce("ada@example.com")), "ada@example.com") is None


def test_a_cookie_made_under_another_secret_is_of_no_device() -> None:
    cookie = KnownDevices("another-secret-of-at-least-32-bytes!").introduce("ada@example.com")

    assert KnownDevices(SECRET).recognise(cookie, "ada@example.com") is None


def test_a_device_of_before_the_proof_of_the_address_is_not_known_after_it() -> None:
    devices, proven_at = KnownDevices(SECRET), datetime(2026, 11, 30, tzinfo=UTC)

    before, after = devices.introduce("ada@example.com"), devices.introduce("ada@example.com", proven_at)

    assert devices.recognise(before, "ada@example.com", proven_at) is None
    assert devices.recognise(after, "ada@example.com", proven_at) is not None
