"""A shop on this machine with pages of every kind, and a trap beside it that nobody may visit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from shared.events.gifting import MetadataStatus

LD = '<script type="application/ld+json">%s</script>'
PRODUCT = '{"@context":"https://schema.org","@type":"Product","name":"Red  kite","image":["/a.png"],"offers":%s}'
OFFER = LD % (PRODUCT % '{"price":"19.99","priceCurrency":"EUR"}')
BOMB = "<a " + " ".join(f"a{number}=1" for number in range(100_000)) + ">"
"""A start tag that costs a parser minutes: it compares each attribute with all before it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Trap:
    """Listens where nobody may connect to."""

    port = 0
    visits = 0

    async def __call__(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


async def _good(_request: web.Request) -> web.StreamResponse:
    return web.Response(text=OFFER, content_type="text/html")


async def _huge(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    await answer.write(OFFER.encode())
    try:
        for _ in range(800):  # 50 MiB, if anybody took it
            await answer.write(b" " * 64 * 1024)
    except ConnectionError:
        pass
    return answer


async def _bomb(_request: web.Request) -> web.StreamResponse:
    return web.Response(text=BOMB, content_type="text/html")


async def _slow(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def _captcha(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<title>Robot Check</title>", content_type="text/html")


async def _closed(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=403, text="no", content_type="text/html")


async def _missing(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text=OFFER, content_type="text/html")


async def _image(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"\x89PNG", content_type="image/png")


async def _inside(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"http://127.0.0.1:{request.app[_TRAP].port}/latest/meta-data")


_TRAP = web.AppKey("trap", Trap)
SHELVES: dict[str, tuple[MetadataStatus, Handler]] = {
    "good": (MetadataStatus.READY, _good),
    "huge": (MetadataStatus.READY, _huge),
    "bomb": (MetadataStatus.FAILED, _bomb),
    "slow": (MetadataStatus.FAILED, _slow),
    "captcha": (MetadataStatus.BLOCKED, _captcha),
    "closed": (MetadataStatus.BLOCKED, _closed),
    "missing": (MetadataStatus.FAILED, _missing),
    "image": (MetadataStatus.FAILED, _image),
    "inside": (MetadataStatus.FAILED, _inside),
}


@asynccontextmanager
async def shop(trap: Trap) -> AsyncIterator[int]:
    listening = await asyncio.start_server(trap, "127.0.0.1", 0)
    trap.port = listening.sockets[0].getsockname()[1]
    app = web.Application()
    app[_TRAP] = trap
    for path, (_, handler) in SHELVES.items():
        app.router.add_get(f"/{path}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
        listening.close()
