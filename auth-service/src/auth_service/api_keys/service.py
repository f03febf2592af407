"""Use cases of API keys: making one, looking at one's own, revoking."""

from uuid import UUID

import msgspec

from auth_service.address_proof.requirement import require_proven
from auth_service.api_keys import repository
from auth_service.api_keys.domain import checked_scopes, shown_prefix
from auth_service.api_keys.repository import KeyTerms
from auth_service.api_keys.schemas import ApiKeyQuery, ApiKeyView, CreateApiKey, NewApiKey
from auth_service.opaque_tokens import OpaqueTokens
from auth_service.step_up.service import StepUp
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.events.auth import ApiKeyRevoked
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal


class ApiKeys:
    """A person's own keys in the tenant they are signed in to. What a key may do is never more than its owner may."""

    def __init__(self, database: Database, step_up: StepUp, tokens: OpaqueTokens, clock: Clock) -> None:
        self._database = database
        self._step_up = step_up
        self._tokens = tokens
        self._clock = clock

    async def add(self, owner: Principal, wanted: CreateApiKey, caller: Caller) -> NewApiKey:
        """It outlives the session that made it.

        Raises ValidationFailed, EmailNotVerified, LimitReached, and what `StepUp.check` does.
        """
        now = self._clock.now()
        terms = KeyTerms(wanted.name, checked_scopes(wanted.scopes, wanted.expires_at, now), wanted.expires_at)
        await self._step_up.check(owner, wanted.proof, caller)
        key = self._tokens.new(new_id())
        async with self._database.unit_of_work(owner.tenant_id, actor_id=owner.user_id) as work:
            await require_proven(work, owner)
            row = await repository.add_key(work, owner.tenant_id, owner.user_id, key, shown_prefix(key), terms, now)
            return work.answer(msgspec.convert({**row, "key": key.text}, NewApiKey))

    async def find(self, owner: Principal, query: ApiKeyQuery) -> PageOf[ApiKeyView]:
        async with self._database.unit_of_work(owner.tenant_id) as work:
            return await repository.list_keys(work, owner.tenant_id, owner.user_id, query)

    async def revoke(self, owner: Principal, key_id: UUID) -> None:
        """Raises ApiKeyNotFound."""
        now = self._clock.now()
        async with self._database.unit_of_work(owner.tenant_id, actor_id=owner.user_id) as work:
            await repository.revoke_key(work, owner.tenant_id, owner.user_id, key_id, now)
            revoked = ApiKeyRevoked(key_id=key_id, user_id=owner.user_id, revoked_at=int(now.timestamp()))
            work.publish(revoked, topics=[], subject=str(key_id))
