"""Rules of closing an account."""

import pytest

from auth_service.account_closing.domain import Ownership, anonymous_email
from auth_service.accounts.passwords import Passwords, hash_of_nothing
from shared.email_address import email_identity
from shared.ids import new_id


@pytest.mark.parametrize(
    ("other_owners", "other_members", "would_be_orphaned"), [(0, 0, False), (0, 3, True), (1, 1, False), (1, 4, False)]
)
def test_people_are_not_left_without_an_owner(other_owners: int, other_members: int, would_be_orphaned: bool) -> None:
    assert Ownership(new_id(), other_owners, other_members).would_be_orphaned is would_be_orphaned


def test_the_address_that_is_left_says_nothing_and_is_its_own_identity() -> None:
    email = anonymous_email(new_id())

    assert email == email_identity(email)
    assert email.endswith(".invalid")


async def test_no_password_fits_the_hash_of_nothing() -> None:
    passwords = Passwords(threads=1)

    verdict = await passwords.check(hash_of_nothing(), "anything at all")

    passwords.close()
    assert not verdict.is_right
