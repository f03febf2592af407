"""A reference client that listens on a WebSocket, in whatever dialect."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from shared.testing.live_reader import LOST, PAUSES, LiveReader, TokenSource

OPEN_SECONDS = 5.0


class Handshake(NamedTuple):
    url: str
    headers: Mapping[str, str]


class LiveSocket(LiveReader):
    """`token` goes in the handshake, or with `in_frame` in the first frame.

    `url` as a callable says anew for each connection where it goes, and with which headers; no token is sent then.
    """

    path = ""
    """Behind the address of all live connections."""

    def __init__(
        self,
        url: str | Callable[[], Handshake],
        token: TokenSource = "",
        *,
        in_frame: bool = False,
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        super().__init__(token, pauses=pauses)
        self._url = url
        self._in_frame = in_frame
        self._socket: ClientConnection | None = None

    async def drop_connection(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    @abstractmethod
    async def _begin(self, token: str | None) -> None:
        """The first frames of a connection, the token among them if there is one."""

    @abstractmethod
    async def _hear(self, text: str) -> None:
        """Raises BrokenPromise."""

    async def _converse(self) -> int:
        token = await self._fresh_token()
        url, headers = self._handshake(token)
        try:
            async with connect(
                url + self.path, additional_headers=headers, compression=None, open_timeout=OPEN_SECONDS
            ) as socket:
                self._socket = socket
                await self._begin(token if self._in_frame else None)
                while True:
                    await self._hear(str(await socket.recv()))
        except ConnectionClosed as closed:
            return LOST if closed.rcvd is None else closed.rcvd.code
        except (InvalidHandshake, EOFError, TimeoutError) as error:
            raise ConnectionError from error
        finally:
            self._socket = None

    def _handshake(self, token: str) -> Handshake:
        if not isinstance(self._url, str):
            return self._url()
        return Handshake(self._url, {} if self._in_frame else {"Authorization": f"Bearer {token}"})

    async def _is_still_open_after(self, pause: float) -> bool:
        """False: there is another connection, or none. The next one asks for everything as it begins."""
        socket = self._socket
        await asyncio.sleep(pause)
        return self._socket is socket

    async def _send(self, text: str) -> None:
        """Lost without a connection: the next one says again what matters."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(text)
