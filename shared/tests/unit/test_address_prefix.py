"""What counts as one address."""

import pytest

from shared.address_prefix import address_prefix


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:DB8:1:2::1", "2001:db8:1:2:0:0:0:1"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_the_addresses_of_one_customer_count_as_one(one: str, other: str) -> None:
    assert address_prefix(one) == address_prefix(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.2")],
)
def test_the_addresses_of_two_do_not(one: str, other: str) -> None:
    assert address_prefix(one) != address_prefix(other)


def test_what_is_no_address_counts_as_itself() -> None:
    assert address_prefix("unknown") == "unknown"
