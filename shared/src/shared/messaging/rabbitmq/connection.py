"""A connection to RabbitMQ that is replaced whenever anything is wrong with it.

Plain connections on purpose: the library's robust ones republish on their own and in another order.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from yarl import URL

from shared.telemetry.logs import get_logger

HEARTBEAT = 5
"""Seconds. A silent peer is given up after about three of them; publishing notices sooner, by its own timeout."""

CONNECT_TIMEOUT = 5.0
SETUP_TIMEOUT = 10.0
CLOSE_TIMEOUT = 1.5

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
"""Seconds between attempts to reconnect, doubled up to the longest, each shortened by up to a half at random."""

BROKER_ERRORS = (*CONNECTION_EXCEPTIONS, TimeoutError)
"""Whatever the client library raises when the broker, or the way to it, fails."""

log = get_logger()


@contextmanager
def talking_to_broker() -> Iterator[None]:
    """Inside, a failing broker is always one of BROKER_ERRORS.

    What waits on a connection that ends is sometimes cancelled by the library, or given a bare `Exception`. Taken for a
    cancellation of our own task, the former would silently end that task.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise ConnectionAbortedError from error
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise ConnectionAbortedError from error


class Link:
    """Keeps one connection. `on_up` puts in place what belongs on a new one; the link is up when that is done."""

    def __init__(self, url: str, name: str, on_up: Callable[[AbstractConnection], Awaitable[None]]) -> None:
        self._url = URL(url).update_query(heartbeat=HEARTBEAT, name=name)
        self._name = name
        self._on_up = on_up
        self._current: AbstractConnection | None = None
        self._is_up = False
        self._lost = asyncio.Event()

    @property
    def connection(self) -> AbstractConnection | None:
        """None while the link is not up."""
        return self._current if self._is_up else None

    async def run(self) -> None:
        """Until it is cancelled, which closes the connection. Outlives every failure of the broker."""
        pause = FIRST_PAUSE
        while True:
            try:
                with talking_to_broker():
                    await self._live_once()
                pause = FIRST_PAUSE
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                log.warning("the broker is not reachable", connection=self._name, reason=reason)
                pause = min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter

    def drop(self, reason: str, connection: AbstractConnection | None = None) -> None:
        """Give up the present connection, or `connection` if it is the present one, and make another."""
        if self._current is None or connection not in (None, self._current):
            return
        if self._is_up:
            log.warning("the connection to the broker is dropped", connection=self._name, reason=reason)
        self._is_up = False
        self._lost.set()

    async def open_channel(self, connection: AbstractConnection, *, confirms: bool = False) -> AbstractChannel:
        """A channel whose end is the end of its connection: half of one that works would be a silent failure."""
        channel = await connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        channel.close_callbacks.add(lambda *_: self.drop("a channel was closed", connection))
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(lambda _: self.drop("a consumer was cancelled", connection))
        return channel

    async def cancel_consumer(self, queue: AbstractQueue, consumer_tag: str) -> None:
        """Take no more from the queue. A consumer whose connection is gone has ended already."""
        if self.connection is None:
            return
        try:
            with talking_to_broker():
                await queue.cancel(consumer_tag, timeout=SETUP_TIMEOUT)
        except BROKER_ERRORS as error:
            log.info("a consumer ended with its connection", connection=self._name, error=type(error).__name__)

    async def _live_once(self) -> None:
        """From connecting to losing the connection. Raises if it never came up."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await aio_pika.connect(self._url)
        self._current, self._lost = connection, asyncio.Event()
        connection.close_callbacks.add(lambda *_: self.drop("it was lost", connection))
        try:
            async with asyncio.timeout(SETUP_TIMEOUT):
                await self._on_up(connection)
            self._is_up = not self._lost.is_set()
            await self._lost.wait()
        finally:
            self._current, self._is_up = None, False
            await self._discard(connection)

    async def _discard(self, connection: AbstractConnection) -> None:
        """A connection the broker has blocked does not answer even its own closing."""
        try:
            with talking_to_broker():
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await connection.close()
        except BROKER_ERRORS as error:
            log.info("a lost connection was not closed", connection=self._name, error=type(error).__name__)
