"""What is told about a user: to their own devices and to the other members of the tenant they are seen in."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from auth_service.accounts.schemas import UserView
from shared.db.unit_of_work import Work
from shared.events.auth import SecurityAlert, SecurityAlerted, UserState, UserUpdated
from shared.events.changes import Change
from shared.events.topics import tenant_topic, user_topic


def state_of(user: UserView) -> UserState:
    """Without what is nobody else's business."""
    return msgspec.convert(user, UserState, from_attributes=True)


def tell(work: Work, user: UserView, event: Change) -> None:
    topics = [tenant_topic(user.tenant_id), user_topic(user.id)]
    work.publish(event, topics=topics, subject=str(user.id), tenant_id=user.tenant_id)


def tell_alert(work: Work, tenant_id: UUID, user_id: UUID, alert: SecurityAlert, *, is_mailed: bool = False) -> None:
    """So that the user is notified, in the tenant in which it happened."""
    event = SecurityAlerted(tenant_id=tenant_id, user_id=user_id, alert=alert, is_mailed=is_mailed)
    work.publish(event, topics=[], subject=str(user_id), tenant_id=tenant_id)


def tell_updated(work: Work, user: UserView, changed_fields: Iterable[str]) -> None:
    event = UserUpdated(
        entity_id=user.id, version=user.version, changed_fields=tuple(changed_fields), payload=state_of(user)
    )
    tell(work, user, event)
