"""Keeping a service's copy of the tenants' members up to date by auth-service's events."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from shared.db.unit_of_work import Work
from shared.events.auth import (
    AccountAnonymised,
    AccountDeactivated,
    MembershipAdded,
    MembershipChanged,
    MembershipRemoved,
    UserUpdated,
)
from shared.events.envelope import Envelope
from shared.members import repository
from shared.members.domain import member_of
from shared.messaging.consumer import Consumers

LeavingEvent = MembershipRemoved | AccountDeactivated | AccountAnonymised
"""A closed account is never opened again, so its owner has left when they close it."""

OnLeft = Callable[[Work, LeavingEvent, datetime], Awaitable[None]]


def follow_members(consumers: Consumers, on_left: OnLeft) -> None:
    """`on_left` is called with the time at which they left, also where they have come back since.

    What they had until then has to go; what they were given since stays theirs.
    """

    async def member_seen(
        work: Work, event: MembershipAdded | MembershipChanged | UserUpdated, envelope: Envelope
    ) -> None:
        if not envelope.is_redacted:  # else they have left since, which follows
            await repository.apply(work, [member_of(event.payload, envelope.time)])

    async def member_left(work: Work, event: LeavingEvent, envelope: Envelope) -> None:
        await repository.forget(work, event.tenant_id, event.user_id, envelope.time)
        await on_left(work, event, envelope.time)

    consumers.on(MembershipAdded, member_seen)
    consumers.on(MembershipChanged, member_seen)
    consumers.on(UserUpdated, member_seen)
    consumers.on(MembershipRemoved, member_left)
    consumers.on(AccountDeactivated, member_left)
    consumers.on(AccountAnonymised, member_left)
