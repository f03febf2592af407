"""One chat message to many Socket.IO clients: a realtime node beside npm socket.io.

python -m deploy.bench.socketio [--clients 2000] [--deliveries 100000]

Deliveries per second of the server's own processor time are the fair figure where clients share the cores.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec
import uvloop

from deploy.bench import live_stage, node_program
from deploy.bench.fanout import (
    Result,
    Server,
    Tally,
    child,
    crowd_of,
    masked,
    measure,
    raise_file_limit,
    until_listening,
)
from deploy.console import say
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port
from realtime_service.app import create_app
from realtime_service.settings import RealtimeSettings
from shared.events.chats import ChatMessageAdded, ChatMessageState, ChatMessageType
from shared.events.envelope import Envelope, TopicOffset, encode
from shared.events.questions import (
    ChatsOfUser,
    ChatsOfUserAnswer,
    EndedSessions,
    EndedSessionsAnswer,
    TopicPosition,
    TopicPositionAnswer,
)
from shared.events.topics import chat_topic
from shared.http.server import Served, serving
from shared.ids import new_id
from shared.messaging.bus import OutgoingMessage
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.requests import Responder
from shared.settings import read_settings
from shared.telemetry.logs import configure_logging

_NODE = Path(__file__).parent / "node_socketio"
_HANDSHAKE = live_stage.handshake().replace(b"GET /ws ", b"GET /ws/?EIO=4&transport=websocket ")
_CHAT = UUID("01890000-0000-7000-8000-00000000cccc")
_TOPIC = chat_topic(_CHAT)
_AT_ONCE = 200  # handshakes under way
_FIRST = 10_000_000  # so that all frames are of one length
_PATIENCE_SECONDS = 60.0
_NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
_MESSAGE = {
    "chat_id": str(_CHAT),
    "message_id": str(_CHAT),
    "author": str(_CHAT),
    "content": "Good morning! Shall we meet at ten, in the small room?",
    "timestamp": 1767268800123,
    "type": "text",
    "created_at": "2026-01-01T12:00:00.123456Z",
    "epoch": "bench",
    "offset": _FIRST,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Fan-out of one chat in Socket.IO.")
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--deliveries", type=int, default=100_000, help="of each server")
    chosen = parser.parse_args()
    reason = node_program.why_not(_NODE)
    say(f"{describe_machine()}; {reason or node_program.version()}")
    uvloop.run(_compare(chosen.clients, chosen.deliveries, ["tessera", *([] if reason else ["node"])]))


async def _compare(count: int, deliveries: int, servers: list[str]) -> None:
    say(f"{count} Socket.IO clients in one chat")
    rates: dict[str, Result] = {}
    for name in servers:
        port = free_port()
        async with _server(name, port) as server, crowd_of(_this("clients", str(port), str(count))) as crowd:
            rates[name] = result = await measure(server, crowd, count, max(1, deliveries // count))
        say(
            f"  {name:8} {result.per_second:9,.0f} deliveries/s  {result.per_cpu_second:9,.0f} per CPU second"
            f"  all have an event after {result.one_event_ms:6.1f} ms"
        )
    if "node" in rates:
        ours, reference = rates["tessera"], rates["node"]
        say(
            f"  tessera / npm socket.io: {ours.per_second / reference.per_second:.2f} by the clock, "
            f"{ours.per_cpu_second / reference.per_cpu_second:.2f} by processor time (goal 0.8)"
        )


@asynccontextmanager
async def _server(name: str, port: int) -> AsyncIterator[Server]:
    told = {**os.environ, "PORT": str(port), "MESSAGE": json.dumps(_MESSAGE)}
    command, environment = {
        "tessera": (_this("tessera"), {**live_stage.environment(port), "PING_SECONDS": "3600"}),
        "node": (["node", str(_NODE / "server.mjs")], told),
    }[name]
    async with child(command, environment) as process:
        await until_listening(port)
        yield Server(process)


class _Client(asyncio.Protocol):
    """Connects, waits until it has joined, then counts."""

    def __init__(self, received: Tally) -> None:
        self._received = received
        self._head = bytearray()
        self._has_connected = False
        self.has_joined = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        if self.has_joined.done():
            self._received.add(data)
            return
        self._head += data
        if not self._has_connected and b"pingInterval" in self._head:
            self._has_connected = True
            self._transport.write(masked(b"40"))
        elif b"roomJoined" in self._head:
            self.has_joined.set_result(None)


async def _clients(port: int, count: int) -> None:
    received, numbers, loop = Tally(count), iter(range(count)), asyncio.get_running_loop()

    async def open_some() -> None:
        for _ in numbers:
            _, client = await loop.create_connection(lambda: _Client(received), "127.0.0.1", port)
            await client.has_joined

    await asyncio.gather(*(open_some() for _ in range(_AT_ONCE)))
    say("open")
    async for line in live_stage.lines():
        say(await received.more(int(line)))


class _Keeper:
    """Of one chat in which everybody takes part."""

    def __init__(self, broker: MemoryBroker, bus: MemoryBus) -> None:
        self._broker = broker
        self._bus = bus
        self._offset = _FIRST

    async def start(self) -> None:
        chats, auth = Responder(self._bus, "conversation"), Responder(self._bus, "auth")
        chats.on(TopicPosition, self._position)
        chats.on(ChatsOfUser, self._chats)
        auth.on(EndedSessions, self._ended)
        await chats.start()
        await auth.start()

    def publish(self) -> None:
        self._offset += 1
        known: dict[str, Any] = dict.fromkeys(ChatMessageState.__struct_fields__)
        known |= {"id": _CHAT, "tenant_id": live_stage.TENANT, "chat_id": _CHAT, "number": 1, "author_id": _CHAT}
        known |= {"type": ChatMessageType.TEXT, "content": _MESSAGE["content"], "reactions": (), "is_deleted": False}
        known |= {"version": 1, "created_at": _NOON, "updated_at": _NOON}
        event = ChatMessageAdded(entity_id=_CHAT, version=1, payload=ChatMessageState(**known))
        envelope = Envelope(
            id=new_id(),
            source="conversation",
            type=event.type,
            subject=_TOPIC,
            time=_NOON,
            tenantid=live_stage.TENANT,
            topics=(TopicOffset(_TOPIC, "bench", self._offset),),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
        self._broker.route(OutgoingMessage("conversation", envelope.type, envelope.id, encode(envelope)))

    async def _position(self, question: TopicPosition) -> TopicPositionAnswer:
        return TopicPositionAnswer("bench", self._offset, question.topic)

    async def _chats(self, _question: ChatsOfUser) -> ChatsOfUserAnswer:
        return ChatsOfUserAnswer([_CHAT])

    async def _ended(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer([])


async def _serve_tessera() -> None:
    settings, broker = read_settings(RealtimeSettings, os.environ), MemoryBroker()
    bus, ours = MemoryBus(broker), MemoryBus(broker)
    keeper = _Keeper(broker, ours)
    for each in (bus, ours):
        await each.start()
    await keeper.start()
    async with serving([Served(create_app(settings, bus=bus), settings.host, settings.port)]):
        async for line in live_stage.lines():
            for _ in range(int(line)):
                keeper.publish()
                await asyncio.sleep(0)


def _this(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.bench.socketio", *arguments]


if __name__ == "__main__":
    raise_file_limit()
    configure_logging("error")
    match sys.argv[1:]:
        case ["clients", port, count]:
            uvloop.run(_clients(int(port), int(count)))
        case ["tessera"]:
            uvloop.run(_serve_tessera())
        case _:
            main()
