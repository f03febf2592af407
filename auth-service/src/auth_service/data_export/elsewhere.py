"""What the other services hold about somebody: asked for page by page, and passed on as the text of a JSON document."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec

from shared.events.questions import HeldAbout, HeldPage
from shared.messaging.requests import Requests

HOLDERS = ("conversation", "project")
PAGE_SECONDS = 10.0


class Elsewhere:
    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def parts(self, user_id: UUID, tenant_ids: Sequence[UUID]) -> AsyncIterator[bytes]:
        """An array with one object for each tenant, in parts of a page. Raises what `Requests.ask` does."""
        before = b"["
        for tenant_id in tenant_ids:
            before += b'{"tenant_id":"%s"' % str(tenant_id).encode()
            for service in HOLDERS:
                before += b',"%s":{' % service.encode()
                async for part in self._sections(service, user_id, tenant_id):
                    yield before + part
                    before = b""
                before = b"}"
            before += b"},"
        yield before.removesuffix(b",") + b"]"

    async def _sections(self, service: str, user_id: UUID, tenant_id: UUID) -> AsyncIterator[bytes]:
        """What is between the braces."""
        section, is_first_row, after = "", True, None
        while True:
            page = await self._page(service, user_id, tenant_id, after)
            part = b""
            if page.section != section:
                part += (b"]," if section else b"") + msgspec.json.encode(page.section) + b":["
                section, is_first_row = page.section, True
            if page.rows:
                part += (b"" if is_first_row else b",") + b",".join(page.rows)
                is_first_row = False
            yield part if page.next else part + b"]"
            if page.next is None:
                return
            after = page.next

    async def _page(self, service: str, user_id: UUID, tenant_id: UUID, after: str | None) -> HeldPage:
        asked = HeldAbout(tenant_id=tenant_id, user_id=user_id, after=after)
        return await self._requests.ask(asked, service=service, deadline=PAGE_SECONDS)
