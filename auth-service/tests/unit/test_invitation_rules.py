"""Who may send which invitation, and who may accept it."""

import pytest

from auth_service.invitations.domain import check_acceptor, may_be_sent_by, roles_beyond
from auth_service.invitations.errors import InvitedAddressOnly
from shared.errors import EmailNotVerified
from shared.principal import Role


@pytest.mark.parametrize(
    ("inviter", "beyond"),
    [
        (Role.OWNER, []),
        (Role.ADMIN, [Role.OWNER]),
        (Role.MANAGER, [Role.OWNER, Role.ADMIN]),
        (Role.DEVELOPER, list(Role)),
        (Role.VIEWER, list(Role)),
        (None, list(Role)),
    ],
)
def test_an_inviter_sends_no_more_than_they_are_and_only_as_a_manager(inviter: Role | None, beyond: list[Role]) -> None:
    assert roles_beyond(inviter) == beyond
    assert [role for role in Role if not may_be_sent_by(inviter, role)] == beyond


@pytest.mark.parametrize("role", list(Role))
def test_the_invited_address_accepts_whatever_it_was_sent_proven_or_not(role: Role) -> None:
    check_acceptor(role, is_addressee=True, is_proven=False)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
@pytest.mark.parametrize("is_proven", [True, False])
def test_nobody_else_becomes_an_administrator(role: Role, is_proven: bool) -> None:
    with pytest.raises(InvitedAddressOnly):
        check_acceptor(role, is_addressee=False, is_proven=is_proven)


def test_another_account_needs_a_proven_address() -> None:
    check_acceptor(Role.MANAGER, is_addressee=False, is_proven=True)
    with pytest.raises(EmailNotVerified):
        check_acceptor(Role.MANAGER, is_addressee=False, is_proven=False)
