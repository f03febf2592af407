"""Use cases of data exports: everything that is held about a user, as one JSON document for them alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec

from auth_service.data_export import repository
from auth_service.data_export.elsewhere import Elsewhere
from auth_service.data_export.errors import ExportNotFound
from auth_service.data_export.repository import Export
from auth_service.data_export.schemas import ExportAnswer, ExportJob, JobStatus
from auth_service.throttling.domain import EXPORTS_PER_ACCOUNT, Claim
from auth_service.throttling.service import AttemptLimits
from shared.clock import Clock
from shared.db.databases import Database
from shared.http.answers import Accepted
from shared.ids import new_id
from shared.open_streams import OpenStreams
from shared.principal import Principal
from shared.sealing import Seal

KEPT_FOR = timedelta(days=1)
EXPORTS = "/api/v1/users/me/export"
DOCUMENT = "tessera-account-export"


class DataExports:
    """What is held about an account is small and kept as it was when it was asked for.

    What other services hold may be long: it is asked for while the document is downloaded, and kept nowhere.
    """

    def __init__(
        self, database: Database, seal: Seal, limits: AttemptLimits, elsewhere: Elsewhere, clock: Clock
    ) -> None:
        self._database = database
        self._seal = seal
        self._limits = limits
        self._elsewhere = elsewhere
        self._clock = clock
        self._downloads = OpenStreams()

    async def request(self, principal: Principal) -> Accepted[ExportAnswer]:
        """Replaces an earlier export. Raises TooManyRequests."""
        now = self._clock.now()
        export = Export(new_id(), now, now + KEPT_FOR)
        async with self._database.system_work(actor_id=principal.user_id) as work:
            await self._limits.take_within(work, Claim(EXPORTS_PER_ACCOUNT, str(principal.user_id)))
            held = await repository.collect(work, principal.user_id)
            document = msgspec.json.encode({"document": DOCUMENT, "generated_at": now, **held})
            sealed = self._seal.close(document, place=str(export.id))
            await repository.replace(work, principal.user_id, export, sealed)
            answer = _answer(export)
            return work.answer(Accepted(answer, location=f"{EXPORTS}/{export.id}"))

    async def find(self, principal: Principal, export_id: UUID) -> ExportAnswer:
        """Raises ExportNotFound."""
        async with self._database.system_work() as work:
            export = await repository.find(work, principal.user_id, export_id, self._clock.now())
        if export is None:
            raise ExportNotFound
        return _answer(export)

    async def read(self, principal: Principal, export_id: UUID) -> AsyncIterator[bytes]:
        """The document as JSON text. Raises ExportNotFound, TooManyRequests, or what says that a service is away."""
        self._downloads.require_room(principal.user_id)
        async with self._database.system_work() as work:
            sealed = await repository.find_document(work, principal.user_id, export_id, self._clock.now())
            tenant_ids = await repository.tenants_of(work, principal.user_id)
        if sealed is None:
            raise ExportNotFound
        account = self._seal.open(sealed, place=str(export_id))
        elsewhere = self._elsewhere.parts(principal.user_id, tenant_ids)
        document = _document(account, await anext(elsewhere), elsewhere)
        return self._downloads.open(principal.user_id, document)


async def _document(account: bytes, first: bytes, elsewhere: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield account.removesuffix(b"}") + b',"tenants":' + first
    async for part in elsewhere:
        yield part
    yield b"}"


def _answer(export: Export) -> ExportAnswer:
    url = f"{EXPORTS}/{export.id}/content"
    return ExportAnswer(
        job=ExportJob(
            id=export.id,
            status=JobStatus.READY,
            url=url,
            created_at=export.created_at,
            expires_at=export.expires_at,
        )
    )
