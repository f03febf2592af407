import asyncio
import gc
import io
import socket
import threading

import pytest

from shared.testing.http_session import http_session


def refuse_unread(listener: socket.socket, ended: threading.Event) -> None:
    """Answers when the buffers between the two are full, and never takes the rest."""
    with listener.accept()[0] as connection:
        connection.recv(65536)
        ended.wait(0.2)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        ended.wait(5)


@pytest.mark.parametrize("body", [b" " * (16 << 20), b""], ids=["cut", "whole"])
def test_no_connection_outlives_the_session(body: bytes) -> None:
    async def send(port: int) -> int:
        url = f"http://127.0.0.1:{port}"
        async with http_session(url) as session, session.post("/", data=io.BytesIO(body)) as answer:
            return answer.status

    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=refuse_unread, args=(listener, ended))
        server.start()
        status = asyncio.run(send(listener.getsockname()[1]))
        gc.collect()  # an open connection of an ended loop warns here, and warnings are errors
        ended.set()
        server.join()

    assert status == 413
