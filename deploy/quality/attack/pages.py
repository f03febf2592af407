"""Web pages made to be expensive for whatever reads them, served on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp.web

_WIDE = 400
PAGES = {
    "circles": "<html><body><div itemscope itemtype='https://schema.org/Product' itemref='i0 i1'></div>"
    + "".join(
        f'<div itemscope itemprop="p" id="i{number}" itemref="{" ".join(f"i{other}" for other in range(24))}">'
        f'<span itemprop="name">n</span></div>'
        for number in range(24)
    )
    + "</body></html>",
    "scripts": "<html><head>"
    + '<script type="application/ld+json">{"@type":"Product","name":' + "[" * 100_000 + "</script>" * 2
    + '<script type="application/ld+json">' + '{"a":' * 50_000 + "</script></head></html>",
    "depth": "<html><body>" + "<div itemscope itemprop=a>" * 60_000,
    "attributes": "<html><body><div " + " ".join(f"a{number}=b" for number in range(150_000)) + ">" * _WIDE,
}  # fmt: skip


@asynccontextmanager
async def hostile_pages() -> AsyncIterator[int]:
    """The port on which they are served."""

    async def answer(request: aiohttp.web.BaseRequest) -> aiohttp.web.StreamResponse:
        return aiohttp.web.Response(text=PAGES[request.path.strip("/")], content_type="text/html")

    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(answer))
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
