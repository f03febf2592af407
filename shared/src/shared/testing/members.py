"""What auth-service would tell of people, told by a test."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import MembershipAdded, MembershipChanged, MembershipRemoved, UserState
from shared.events.changes import Removed
from shared.events.envelope import Envelope, Event, TopicOffset, encode
from shared.ids import new_id
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.members.leavings import LEAVING, Leaving, LeavingJobs, Steps
from shared.messaging.bus import OutgoingMessage
from shared.messaging.consumer import publisher_of
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.telemetry.metrics import Metrics


def user(
    who: Principal, email: str, display_name: str | None = None, *, updated_at: datetime | None = None
) -> UserState:
    now = datetime.now(UTC)
    return UserState(
        id=who.user_id,
        tenant_id=who.tenant_id,
        email=email,
        first_name="Ada",
        last_name="Lovelace",
        full_name="Ada Lovelace",
        display_name=display_name,
        avatar_url=None,
        role=who.role,
        is_active=True,
        email_verified=True,
        version=1,
        created_at=now,
        updated_at=updated_at or now,
    )


def joined(who: Principal, email: str, display_name: str | None = None) -> MembershipAdded:
    payload = user(who, email, display_name or email)
    return MembershipAdded(
        entity_id=who.user_id,
        version=1,
        tenant_id=who.tenant_id,
        user_id=who.user_id,
        role=who.role,
        payload=payload,
    )


def left(who: Principal) -> MembershipRemoved:
    return MembershipRemoved(
        entity_id=who.user_id,
        version=2,
        tenant_id=who.tenant_id,
        user_id=who.user_id,
        payload=Removed(who.user_id),
    )


def changed(who: Principal, email: str, display_name: str | None = None, *, is_active: bool) -> MembershipChanged:
    """Suspended, or active again."""
    payload = msgspec.structs.replace(user(who, email, display_name or email), is_active=is_active)
    return MembershipChanged(
        entity_id=who.user_id,
        version=2,
        tenant_id=who.tenant_id,
        user_id=who.user_id,
        role=who.role,
        is_active=is_active,
        payload=payload,
    )


async def tell(
    bus: MemoryBus,
    event: Event,
    tenant_id: UUID,
    *,
    at: datetime | None = None,
    by: UUID | None = None,
    event_id: UUID | None = None,
    topics: Sequence[str] = (),
) -> None:
    source = publisher_of(event.type)
    envelope = Envelope(
        id=event_id or new_id(),
        source=source,
        type=event.type,
        subject="a test",
        time=at or datetime.now(UTC),
        data=msgspec.Raw(msgspec.json.encode(event)),
        tenantid=tenant_id,
        actorid=by,
        topics=tuple(TopicOffset(topic, "an epoch", 1) for topic in topics),
    )
    await bus.publish([OutgoingMessage(source, event.type, envelope.id, encode(envelope))])


def leaving_worker(database: Database, steps: Steps, clock: Clock) -> JobWorker:
    """A replica that does nothing but deal with what former members had."""
    jobs = JobQueue(clock)
    worker = JobWorker(database, jobs, MemoryBus(), clock, JobMetrics(Metrics("leaving")), "leaving")
    worker.on(LEAVING, LeavingJobs(jobs, steps).run)
    return worker


async def leave_behind(database: Database, *leavings: Leaving) -> None:
    """What a replica that was killed has left to do, in this order."""
    jobs = LeavingJobs(JobQueue(SystemClock()), _no_steps)
    async with database.system_work() as work:
        for leaving in leavings:
            await jobs.add(work, leaving)


async def is_all_dealt_with(database: Database) -> bool:
    """Of all who have left."""
    return await database.system_rows("select from jobs where kind = $1", LEAVING.name) == []


async def _no_steps(_work: Work, _leaving: Leaving, _until: datetime) -> AsyncIterator[int]:
    yield 0
