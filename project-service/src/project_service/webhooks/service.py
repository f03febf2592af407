"""The use cases of webhooks, each one transaction. No event tells of them: where they lead is their managers' own."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting.streams import audience_of
from project_service.members import repository as members
from project_service.outbound.destinations import DestinationRefused, HostPort, check_destination
from project_service.projects import repository as projects
from project_service.projects.access import require_role
from project_service.webhooks import delivery_log, repository
from project_service.webhooks.access import require_confidant
from project_service.webhooks.domain import MAX_WEBHOOKS, NOTHING_WAITS, OVERLAP, unknown_events
from project_service.webhooks.errors import TooManyWebhooks
from project_service.webhooks.holding import hold_back, let_go
from project_service.webhooks.schemas import (
    CreateWebhook,
    DisabledReason,
    PatchWebhook,
    WebhookQuery,
    WebhookView,
    WebhookWithSecret,
)
from project_service.webhooks.signing import Secrets
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.projects import ProjectRole, WebhookDisabled, WebhookPassedOn
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from shared.pagination import PageOf
from shared.principal import Principal, Role
from shared.scopes import EVERY_RESOURCE, permits


class WebhookService:
    """`catalogue` holds the public types there are, `allowed` the destinations that need not be public."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        catalogue: Collection[str],
        allowed: frozenset[HostPort],
        jobs: JobQueue,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._catalogue = catalogue
        self._allowed = allowed
        self._jobs = jobs

    async def find(self, principal: Principal, query: WebhookQuery) -> PageOf[WebhookView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def get(self, principal: Principal, webhook_id: UUID) -> WebhookView:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, webhook_id)

    async def add(self, principal: Principal, new: CreateWebhook) -> WebhookWithSecret:
        """Raises ValidationFailed, Forbidden, TooManyWebhooks."""
        _require_reader_of_all(principal)
        self._check({"url": new.url, "events": new.events})
        webhook_id = new_id()
        secret, sealed = self._secrets.new(webhook_id)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_owner(work, principal, new.project_id)
            if await repository.count_alone(work, principal.tenant_id) >= MAX_WEBHOOKS:
                raise TooManyWebhooks(details={"limit": MAX_WEBHOOKS})
            webhook = await repository.add(work, principal, webhook_id, new, sealed, self._clock.now())
            return work.answer(_with(secret, webhook))

    async def change(
        self, principal: Principal, webhook_id: UUID, patch: PatchWebhook, if_match: IfMatch
    ) -> WebhookView:
        """Raises ValidationFailed, Forbidden, WebhookNotFound, PreconditionFailed."""
        _require_reader_of_all(principal)
        wanted = changes(patch)
        self._check(wanted)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, webhook_id)
            await require_confidant(work, principal, before)
            refuse_stale(if_match, before)
            changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
            if not changed:
                return before
            if changed.get("active"):
                changed |= {"disabled_at": None, "disabled_reason": None, "paused_until": None}
                changed |= _new_maker(principal, before)
            if "url" in changed:  # nobody there has asked for a pause
                changed |= {"paused_until": None}
            webhook = await repository.update(work, principal.tenant_id, webhook_id, changed, self._clock.now())
            await self._hold_or_let_go(work, webhook, changed)
            return webhook

    async def rotate_secret(self, principal: Principal, webhook_id: UUID) -> WebhookWithSecret:
        """The secret before it signs beside it for a while. Raises WebhookNotFound, Forbidden."""
        secret, sealed = self._secrets.new(webhook_id)
        now = self._clock.now()
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await require_confidant(work, principal, await repository.lock(work, principal, webhook_id))
            webhook = await repository.rotate_secret(work, principal.tenant_id, webhook_id, sealed, now + OVERLAP, now)
            return work.answer(_with(secret, webhook))

    async def remove(self, principal: Principal, webhook_id: UUID, if_match: IfMatch) -> None:
        """What waits for it is sent no more. Raises WebhookNotFound, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            refuse_stale(if_match, await repository.lock(work, principal, webhook_id))
            await repository.remove(work, principal.tenant_id, webhook_id)
            await let_go(self._jobs, work, webhook_id)  # its jobs find no delivery, and end

    async def pass_on(
        self, work: Work, tenant_id: UUID, user_id: UUID, left_at: datetime, last_written: datetime
    ) -> None:
        """Webhooks of the tenant of somebody who has left get an owner of it as their maker, where one is known.

        In the transaction that hears of it: no event is lost between the two makers. Only those that were made before
        they left, and last written by then or by `last_written`.
        """
        owner_id = await members.find_owner(work, tenant_id, but=user_id)
        for webhook in await repository.lock_of_maker(work, tenant_id, user_id, None, left_at, last_written):
            if webhook.project_id is None and owner_id is not None:
                await _pass_to(work, tenant_id, webhook.id, owner_id, self._clock.now())

    async def end_of(
        self,
        work: Work,
        tenant_id: UUID,
        user_id: UUID,
        project_id: UUID | None,
        left_at: datetime,
        last_written: datetime,
    ) -> int:
        """Ends all other webhooks of somebody who has left, of one project or all; returns how many.

        The times are as for `pass_on`.
        """
        made = await repository.lock_of_maker(work, tenant_id, user_id, project_id, left_at, last_written)
        theirs = {each.id: each for each in made}
        ended = await repository.end_of_maker(work, tenant_id, theirs, self._clock.now())
        for webhook_id, project_owner_id in ended.items():
            await self._hold(work, webhook_id)
            _tell_ended(work, theirs[webhook_id], project_owner_id)
        return len(ended)

    async def disable_made_by(
        self, work: Work, tenant_id: UUID, user_id: UUID, reason: DisabledReason, until: datetime
    ) -> None:
        """Those that this user has made until then."""
        for webhook_id in await repository.disable_made_by(work, tenant_id, user_id, reason, until):
            await self._hold(work, webhook_id)

    async def _hold_or_let_go(self, work: Work, webhook: WebhookView, changed: Collection[str]) -> None:
        if webhook.active and ("active" in changed or "url" in changed):
            await let_go(self._jobs, work, webhook.id)
        elif "active" in changed:
            await self._hold(work, webhook.id)

    async def _hold(self, work: Work, webhook_id: UUID) -> None:
        """Of one that is not active any more."""
        await hold_back(self._jobs, work, webhook_id, self._clock.now() + NOTHING_WAITS)

    def _check(self, wanted: dict[str, Any]) -> None:
        """Raises ValidationFailed for an address or events that can be seen to be wrong, all of them."""
        wrong = list(unknown_events(wanted.get("events", ()), self._catalogue))
        try:
            if "url" in wanted:
                check_destination(wanted["url"], self._allowed)
        except DestinationRefused as refused:
            wrong.insert(0, FieldError("url", "invalid", refused.reason))
        if wrong:
            raise ValidationFailed(wrong)


def _require_reader_of_all(principal: Principal) -> None:
    """A webhook is told whatever its maker may read: a key that may read less must not make itself more."""
    if not permits(principal.scopes, EVERY_RESOURCE, "GET"):
        raise Forbidden("An API key needs the scope `*:read` to choose what a webhook is told, and where.")


async def _require_owner(work: Work, principal: Principal, project_id: UUID | None) -> None:
    """Of the project, or of everything in the tenant."""
    if project_id is None:
        if not principal.role.is_at_least(Role.ADMIN):
            raise Forbidden
        return
    role = await projects.role_of(work, principal, project_id)
    if role is None:
        raise ValidationFailed([FieldError("project_id", "not_found", "There is no such project.")])
    require_role(role, ProjectRole.OWNER)


def _new_maker(principal: Principal, before: WebhookView) -> dict[str, Any]:
    """Of a webhook that is made active again: whose maker has left, it has none who could see anything."""
    if before.disabled_reason is not DisabledReason.MAKER_LEFT:
        return {}
    return {"created_by": principal.user_id, "creator_role": principal.role}


def _tell_ended(work: Work, before: WebhookView, owner_id: UUID | None) -> None:
    """To the owner of its project, who may make it active again, unless it was not active or they made it."""
    if before.active and owner_id not in (None, before.created_by):
        ended = WebhookDisabled(
            tenant_id=before.tenant_id,
            webhook_id=before.id,
            project_id=before.project_id,
            user_id=owner_id,
            reason=DisabledReason.MAKER_LEFT,
        )
        work.publish(ended, topics=[], subject=str(before.id))


async def _pass_to(work: Work, tenant_id: UUID, webhook_id: UUID, owner_id: UUID, now: datetime) -> None:
    """The owner is notified.

    What was delivered for the former maker may be what gift planning keeps from the new one: it goes then.
    """
    if await audience_of(work, tenant_id, owner_id) is not None:
        await delivery_log.delete_of(work, tenant_id, webhook_id)
    await repository.update(work, tenant_id, webhook_id, {"created_by": owner_id, "creator_role": Role.OWNER}, now)
    passed_on = WebhookPassedOn(tenant_id=tenant_id, webhook_id=webhook_id, user_id=owner_id)
    work.publish(passed_on, topics=[], subject=str(webhook_id))


def _with(secret: str, webhook: WebhookView) -> WebhookWithSecret:
    return WebhookWithSecret(**msgspec.structs.asdict(webhook), secret=secret)
