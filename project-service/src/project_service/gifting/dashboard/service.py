"""The use cases of the dashboard: everything at a glance, in as many queries whatever there is."""

from datetime import date, datetime

import msgspec

from project_service import limits
from project_service.gifting.dashboard import repository
from project_service.gifting.dashboard.schemas import Dashboard
from project_service.gifting.occasions import repository as occasions
from project_service.gifting.occasions.domain import upcoming
from project_service.gifting.occasions.schemas import OccasionView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Guarded
from shared.events.envelope import Envelope
from shared.events.gifting import OccasionState
from shared.principal import Principal

SHOWN = 5


class DashboardService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, principal: Principal) -> Dashboard:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            now = self._clock.now()
            ahead = _next(await occasions.candidates(work, principal.tenant_id, now), now)
            return Dashboard(
                next_occasion=ahead[0] if ahead else None,
                upcoming=tuple(ahead),
                pipeline=await repository.pipeline(work, principal, now),
                people=tuple(await repository.people(work, principal, now)),
                ideas=tuple(await repository.ideas(work, principal, now)),
                activity=tuple(await repository.activity(work, principal)),
            )

    async def record(self, work: Work, event: Guarded, envelope: Envelope) -> None:
        if envelope.tenantid is None:
            return
        await repository.record(work, envelope.tenantid, event, envelope)
        if envelope.id.int % limits.ACTIVITY_PRUNED_EVERY == 0:
            await repository.delete_oldest(work, envelope.tenantid, limits.ACTIVITY_KEPT)


def _next(candidates: list[OccasionState], now: datetime) -> list[OccasionView]:
    views = [
        OccasionView(**msgspec.structs.asdict(occasion), next_date=upcoming(occasion, now)) for occasion in candidates
    ]
    ahead = [view for view in views if view.next_date is not None]
    return sorted(ahead, key=lambda view: (view.next_date or date.max, view.id))[:SHOWN]
