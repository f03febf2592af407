"""Bodies on their way to a temporary file: how many bytes of a tenant, and of all, may be on the disk at one time."""

from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from project_service.uploads import IncomingBody, Uploads
from shared.errors import Unavailable
from shared.http.app import Request
from shared.ids import new_id
from shared.testing.callers import ACME, GLOBEX

KIB = 1024


class Streamed:
    """A request that is its own stream."""

    headers = {"content-type": "application/zip"}

    def __init__(self, size: int) -> None:
        self._parts = [bytes(KIB)] * (size // KIB)

    @property
    def stream(self) -> Any:
        return self

    async def read(self) -> bytes | None:
        return self._parts.pop() if self._parts else None


def body(size: int) -> IncomingBody:
    return IncomingBody(cast(Request, Streamed(size)), "application/zip", limit=KIB * KIB)


async def test_a_tenant_has_room_again_when_its_upload_has_ended() -> None:
    uploads = Uploads(of_tenant=100 * KIB)
    for _ in range(3):
        async with uploads.spooled(body(80 * KIB), ACME) as upload:
            assert upload.size == len(upload.file.read()) == 80 * KIB

            with pytest.raises(Unavailable):
                async with uploads.spooled(body(30 * KIB), ACME):
                    pass
            async with uploads.spooled(body(80 * KIB), GLOBEX):
                pass


async def test_tenants_that_take_all_they_can_leave_room_for_another() -> None:
    uploads = Uploads(of_tenant=64 * KIB, in_all=128 * KIB)
    async with AsyncExitStack() as held:
        for tenant_id, most in ((ACME, 64), (GLOBEX, 32), (new_id(), 16), (new_id(), 8)):
            with pytest.raises(Unavailable):
                async with uploads.spooled(body((most + 1) * KIB), tenant_id):
                    pass
            await held.enter_async_context(uploads.spooled(body(most * KIB), tenant_id))
