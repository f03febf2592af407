"""What pages of shops say, and what becomes of a gift whose page is odd, slow, large, closed or inside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from gifting_shop import LD, OFFER, PRODUCT, SHELVES, Trap, shop
from hypothesis import given, settings, strategies as st

from project_service.gifting.gifts.metadata import MOST_BYTES, ProductReader
from project_service.gifting.gifts.page_parser import CPU_SECONDS
from project_service.gifting.gifts.page_reader import PageReader
from project_service.gifting.gifts.product_pages import read_page
from project_service.gifting.gifts.products import Product
from project_service.outbound.client import OutboundClient
from project_service.outbound.destinations import HostPort
from shared.events.gifting import MetadataStatus
from shared.testing.callers import ACME
from shared.testing.cpu_time import ends_within

URL = "https://shop.example/kites/1"
KITE = Product("Red kite", 1999, "EUR", "https://shop.example/a.png")

PAGES = {
    "an offer": (OFFER, KITE),
    "several offers": (LD % (PRODUCT % '[{"price":19.99,"priceCurrency":"eur"},{"price":1}]'), KITE),
    "a range": (LD % (PRODUCT % '{"@type":"AggregateOffer","lowPrice":"19.99","priceCurrency":"EUR"}'), KITE),
    "a graph": (LD % ('{"@graph":[{"@type":"WebPage"},%s]}' % (PRODUCT % '{"price":"19,99 €"}')), KITE),
    "yen": (
        LD % (PRODUCT % '{"price":"1200","priceCurrency":"JPY"}'),
        Product("Red kite", 1200, "JPY", "https://shop.example/a.png"),
    ),
    "open graph": (
        '<meta property="og:title" content="Red kite"><meta property="og:image" content="https://shop.example/a.png">'
        '<meta property="product:price:amount" content="19.99"><meta property="product:price:currency" content="EUR">',
        KITE,
    ),
    "microdata": (
        '<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Red kite</h1>'
        '<img itemprop="image" src="https://shop.example/a.png"><div itemprop="offers" itemscope'
        ' itemtype="https://schema.org/Offer"><meta itemprop="price" content="19.99">'
        '<meta itemprop="priceCurrency" content="EUR"></div></div>',
        KITE,
    ),
    "broken": (
        "<html><body><p><div></span>"
        + LD % '{"@type": "Product", "name": '
        + '<meta property="og:title" content="Kite',
        Product(),
    ),
    "broken data beside good": (
        '<meta property="og:title" content="Kite">' + LD % "{oops",
        Product("Kite"),
    ),
    "a broken block between": (LD % "{oops" + OFFER + LD % '{"a": ' + '<meta property="og:title" content="x">', KITE),
    "comments in a block": (
        LD % ("<!--\n" + PRODUCT % '{"price":19.99,/* net */"priceCurrency":"EUR"}' + "// end\n-->"),
        KITE,
    ),
    "parameters of a type": (OFFER.replace("ld+json", "LD+JSON; charset=utf-8"), KITE),
    "microdata with text": (
        '<div itemscope itemtype="http://schema.org/WebPage"><div itemscope itemtype="https://schema.org/Thing'
        ' https://schema.org/Product"><h1 itemprop="name alternateName">Red<br><b>k</b>ite<script>1</script></h1>'
        '<div itemscope itemtype="https://schema.org/Brand"><b itemprop="name">Acme</b></div>'
        '<a itemprop="image" href="/a.png">x</a><p itemprop="offers" itemscope><data itemprop="price" value="19.99">20'
        '</data><i itemprop="priceCurrency" content="EUR">euro</i></p></div></div>',
        KITE,
    ),
    "references in a circle": (
        '<div itemscope itemtype="https://schema.org/Product" id="a" itemref="a b"><i itemprop="name">Red kite</i>'
        + "".join(f'<p itemscope itemprop="offers" id="{a}" itemref="{b}">' for a, b in ("bc", "cb")),
        Product("Red kite"),
    ),
    "no numbers": (
        LD % (PRODUCT % '{"price":"ask us","priceCurrency":"EUR"}'),
        KITE._replace(price=None, currency=None),
    ),
    "nonsense": (LD % (PRODUCT % '{"price":1e999,"priceCurrency":"EURO"}'), KITE._replace(price=None, currency=None)),
    "a bad image": (
        LD % '{"@type":"Product","name":"Kite","image":"javascript:alert(1)"}',
        Product("Kite"),
    ),
    "nothing": ("<p>hello", Product()),
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_says_what_it_sells(kind: str) -> None:
    html, expected = PAGES[kind]

    assert read_page(html.encode(), "text/html; charset=utf-8", URL).product == expected


@pytest.mark.parametrize("text", ["Are you a human?", "Please solve the CAPTCHA", "<title>Just a moment...</title>"])
def test_a_captcha_is_told_from_a_shop(text: str) -> None:
    assert read_page(text.encode(), None, URL).is_captcha
    assert not read_page((text + OFFER).encode(), None, URL).is_captcha


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=500), st.text(max_size=300).map(lambda text: (LD % text).encode())))
def test_no_page_is_too_odd(body: bytes) -> None:
    read_page(body, "text/html", URL)


async def test_each_kind_of_page_has_its_status() -> None:
    trap = Trap()
    async with shop(trap) as port, reader(port) as reads:
        got = {path: (await reads.read(ACME, f"http://127.0.0.1:{port}/{path}")).status for path in SHELVES}
        sideways = await reads.read(ACME, f"http://127.0.0.1:{trap.port}/")

    assert got == {path: status for path, (status, _) in SHELVES.items()}
    assert sideways.status is MetadataStatus.FAILED
    assert trap.visits == 0


async def test_a_large_page_is_read_as_far_as_it_was_fetched() -> None:
    async with shop(Trap()) as port, reader(port) as reads:
        reading = await reads.read(ACME, f"http://127.0.0.1:{port}/huge")

    assert (reading.status, reading.product.name) == (MetadataStatus.READY, "Red kite")


@pytest.mark.parametrize(
    "page",
    [
        '<p itemscope itemprop="x" itemtype="https://schema.org/Product" id="i{0}" itemref="i{1}">',
        '<p itemscope itemtype="https://schema.org/Product"><i itemprop="name">',
        '<i itemprop="name" itemscope itemtype="https://schema.org/Product">',
        '<script type="application/ld+json">[[[[[[[[[["\\"',
        '<meta property="og:title" content="x">',
    ],
)
def test_a_page_of_two_mebibytes_is_read_in_a_bounded_time(page: str) -> None:
    hostile = "".join(page.format(number, number + 1) for number in range(MOST_BYTES // len(page)))

    assert ends_within(CPU_SECONDS, lambda: read_page(hostile.encode(), "text/html", URL))


@asynccontextmanager
async def reader(port: int) -> AsyncIterator[ProductReader]:
    """May reach the shop, which is inside as well, and nothing else there."""
    client = OutboundClient(frozenset({HostPort("127.0.0.1", port)}), user_agent="tests")
    pages = PageReader()
    await client.open()
    try:
        yield ProductReader(client, pages, seconds=2.0)
    finally:
        await pages.close()
        await client.close()
