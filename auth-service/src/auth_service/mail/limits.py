"""How much mail goes to one address and how much one user or tenant may cause: the whole table.

Kinds have budgets of their own, so that nobody who causes one kind can keep another from its recipient. What an account
is written counts by its exact address, so that nobody who registers another spelling keeps it from its owner. Times
`MAIL_LIMIT_SCALE`.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from auth_service.throttling.domain import Claim, Limit
from shared.email_address import email_identity

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Sender(NamedTuple):
    """On whose behalf strangers are written to."""

    tenant_id: UUID
    user_id: UUID


class Budget(NamedTuple):
    """Mails. Without limits of senders there is nobody who could cause the mail but its recipient or an intruder."""

    to_address: tuple[Limit, ...] = ()
    """Exactly this one."""
    to_tagged: tuple[Limit, ...] = ()
    """All addresses of a mailbox that have a tag behind a plus sign; the plain one is not among them."""
    to_mailbox: tuple[Limit, ...] = ()
    """All addresses of a mailbox."""
    of_sender: tuple[Limit, ...] = ()
    of_tenant: tuple[Limit, ...] = ()


INVITING = Budget(
    # One person rarely has reason for more; whoever asks the same one more often is a nuisance.
    to_mailbox=(Limit("mail-invited-hour", 3, _HOUR), Limit("mail-invited-day", 10, _DAY)),
    # A team is invited in one go; a list of strangers is not.
    of_sender=(Limit("mail-inviting-hour", 20, _HOUR), Limit("mail-inviting-day", 60, _DAY)),
    of_tenant=(Limit("mail-tenant-day", 100, _DAY),),
)
PROVING = Budget(
    # A lost mail or two; the address may be a stranger's to whoever registered it.
    to_address=(Limit("mail-proving-hour", 3, _HOUR), Limit("mail-proving-day", 6, _DAY)),
    # As many as one network registers a day: enough for testers, and no flood for whoever did not ask.
    to_tagged=(Limit("mail-proving-tagged-day", 20, _DAY),),
)
RECOVERING = Budget(
    # No limit a day: whoever used it up for somebody else would keep them out. The links live as long as the window,
    # so at the limit there is one in the mailbox that works.
    to_address=(Limit("mail-recovering-hour", 3, _HOUR),),
)
WARNING = Budget(
    # Each is caused by an act with the account's own credentials; so many tell what there is to tell.
    to_address=(Limit("mail-warning-hour", 10, _HOUR), Limit("mail-warning-day", 30, _DAY)),
)
NEWS = Budget(
    # What colleagues do; everything is in the app too.
    to_address=(Limit("mail-news-hour", 20, _HOUR), Limit("mail-news-day", 100, _DAY)),
)

_BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        "invitation": INVITING,
        "welcome": INVITING,
        "verify_email": PROVING,
        "reset_password": RECOVERING,
        "notification": NEWS,
    }
)


def budget_of(template: str) -> Budget:
    """Kinds that are not named warn the owner of an account."""
    return _BUDGETS.get(template, WARNING)


def claims_of(template: str, recipient: str) -> tuple[Claim, ...]:
    """The narrower ones first."""
    budget, address, mailbox = budget_of(template), email_identity(recipient), mailbox_of(recipient)
    to_tagged = budget.to_tagged if address != mailbox else ()
    of_mailbox = tuple(Claim(limit, mailbox) for limit in (*to_tagged, *budget.to_mailbox))
    return tuple(Claim(limit, address) for limit in budget.to_address) + of_mailbox


def claims_of_sender(template: str, tenant_id: UUID, user_id: UUID | None) -> tuple[Claim, ...]:
    budget = budget_of(template)
    of_user = () if user_id is None else tuple(Claim(limit, str(user_id)) for limit in budget.of_sender)
    return of_user + tuple(Claim(limit, str(tenant_id)) for limit in budget.of_tenant)


def mailbox_of(address: str) -> str:
    """Addresses that differ behind a plus sign reach one mailbox (RFC 5233)."""
    local, _, host = email_identity(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{host}"
