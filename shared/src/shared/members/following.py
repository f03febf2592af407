"""Keeping a service's copy of the tenants' members up to date by auth-service's events."""

from collections.abc import Awaitable, Callable

from shared.db.unit_of_work import Work
from shared.events.auth import AccountAnonymised, MembershipAdded, MembershipChanged, MembershipRemoved, UserUpdated
from shared.events.envelope import Envelope
from shared.members import repository
from shared.members.domain import member_of
from shared.messaging.consumer import Consumers

Leaving = MembershipRemoved | AccountAnonymised


def follow_members(consumers: Consumers, on_left: Callable[[Work, Leaving], Awaitable[None]]) -> None:
    """`on_left` is not called for somebody who has come back since."""

    async def member_seen(
        work: Work, event: MembershipAdded | MembershipChanged | UserUpdated, envelope: Envelope
    ) -> None:
        if not envelope.is_redacted:  # else they have left since, which follows
            await repository.apply(work, [member_of(event.payload, envelope.time)])

    async def member_left(work: Work, event: Leaving, envelope: Envelope) -> None:
        if await repository.forget(work, event.tenant_id, event.user_id, envelope.time):
            await on_left(work, event)

    consumers.on(MembershipAdded, member_seen)
    consumers.on(MembershipChanged, member_seen)
    consumers.on(UserUpdated, member_seen)
    consumers.on(MembershipRemoved, member_left)
    consumers.on(AccountAnonymised, member_left)
