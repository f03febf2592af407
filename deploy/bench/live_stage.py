"""What measurements of live connections stand on: a realtime node as in production, on a bus of its own.

python -m deploy.bench.live_stage [obey]

serves it, with one topic that anybody may follow; `obey`: each line of standard input is a number of events to publish.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import uvloop

from deploy.bench.stage import SECRET, WIDE
from realtime_service.app import create_app
from realtime_service.settings import RealtimeSettings
from shared.events.envelope import Envelope, TopicOffset, encode
from shared.events.projects import TaskAdded, TaskPriority, TaskState, TaskStatus
from shared.events.questions import EndedSessions, EndedSessionsAnswer, TopicPosition, TopicPositionAnswer
from shared.http.server import Served, serving, until_stopped
from shared.identity import HEADER, mint_identity
from shared.ids import new_id
from shared.messaging.bus import OutgoingMessage
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.requests import Responder
from shared.principal import Principal, Role
from shared.settings import read_settings
from shared.telemetry.logs import configure_logging

TENANT = UUID("01890000-0000-7000-8000-00000000bbbb")
TOPIC = f"tasks:{TENANT}"
STAMP = b'"description":"'
"""Behind it, in every event: the moment of its publication by the monotonic clock, in nanoseconds."""
_EPOCH = "bench"
_FIRST = 10_000_000  # so that all frames are of one length
_NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def handshake() -> bytes:
    """As the gateway sends it."""
    principal = Principal(user_id=uuid4(), tenant_id=TENANT, session_id=uuid4(), role=Role.DEVELOPER)
    return (
        b"GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + f"{HEADER}: {mint_identity(principal, 'realtime', SECRET, datetime.now(UTC))}\r\n\r\n".encode()
    )


def environment(port: int) -> dict[str, str]:
    told = {
        "PORT": str(port),
        "INTERNAL_SECRET": SECRET,
        "RATE_LIMIT_SCALE": WIDE,
        "LIVE_QUOTA_SCALE": WIDE,
        "DRAIN_SECONDS": "0.1",
    }
    return {**os.environ, **told}


async def lines() -> AsyncIterator[bytes]:
    """Of standard input, as they come."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


class _Keeper:
    """Says of the one topic where it stands, to anybody."""

    def __init__(self, broker: MemoryBroker, bus: MemoryBus) -> None:
        self._bus = bus
        self._broker = broker
        self._offset = _FIRST
        self._padding = "x" * int(os.environ.get("PADDING_BYTES", "0"))

    async def start(self) -> None:
        project, auth = Responder(self._bus, "project"), Responder(self._bus, "auth")
        project.on(TopicPosition, self._position)
        auth.on(EndedSessions, self._ended_sessions)
        await project.start()
        await auth.start()

    async def _position(self, question: TopicPosition) -> TopicPositionAnswer:
        return TopicPositionAnswer(_EPOCH, self._offset, question.topic)

    async def _ended_sessions(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer([])

    def publish(self) -> None:
        self._offset += 1
        envelope = Envelope(
            id=new_id(),
            source="project",
            type=TaskAdded.type,
            subject=TOPIC,
            time=_NOON,
            tenantid=TENANT,
            topics=(TopicOffset(TOPIC, _EPOCH, self._offset),),
            data=msgspec.Raw(msgspec.json.encode(self._event())),
        )
        self._broker.route(OutgoingMessage("project", envelope.type, envelope.id, encode(envelope)))

    def _event(self) -> TaskAdded:
        known: dict[str, Any] = dict.fromkeys(TaskState.__struct_fields__)
        known |= {"id": TENANT, "tenant_id": TENANT, "project_id": TENANT, "title": "Measure", "version": 1}
        known |= {"description": f"{time.monotonic_ns():020}{self._padding}", "status": TaskStatus.TODO}
        known |= {"priority": TaskPriority.NORMAL, "created_at": _NOON, "updated_at": _NOON}
        state = TaskState(**known)
        return TaskAdded(entity_id=state.id, version=1, payload=state)


async def _obey(keeper: _Keeper) -> None:
    """One event a loop turn, as many as each line says."""
    async for line in lines():
        for _ in range(int(line)):
            keeper.publish()
            await asyncio.sleep(0)


async def _serve(*, obeys: bool) -> None:
    settings, broker = read_settings(RealtimeSettings, os.environ), MemoryBroker()
    bus, ours = MemoryBus(broker), MemoryBus(broker)
    keeper = _Keeper(broker, ours)
    for each in (bus, ours):
        await each.start()
    await keeper.start()
    async with serving([Served(create_app(settings, bus=bus), settings.host, settings.port)]):
        obeying = asyncio.create_task(_obey(keeper)) if obeys else None
        await until_stopped()
        if obeying is not None:
            obeying.cancel()
    for each in (bus, ours):
        await each.close()


if __name__ == "__main__":
    configure_logging("error")
    uvloop.run(_serve(obeys=sys.argv[1:] == ["obey"]))
