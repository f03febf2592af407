"""What a shop's page says of its product: JSON-LD first, then microdata, then Open Graph.

Pages are anybody's: they are read in a thread, as much of them as was fetched, and whatever is odd is left out.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urljoin

from extruct.jsonld import JsonLdExtractor
from extruct.opengraph import OpenGraphExtractor
from extruct.w3cmicrodata import MicrodataExtractor
from lxml.etree import LxmlError
from price_parser import Price
from w3lib.encoding import html_to_unicode

LONGEST_NAME = 300
LONGEST_ADDRESS = 2048
HIGHEST_PRICE = 1_000_000_000_000
MAX_DEPTH = 20  # of nested data; product pages have four or five levels

_NO_MINOR_UNITS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_SYMBOLS = MappingProxyType({"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "zł": "PLN", "Kč": "CZK", "₹": "INR"})
_CAPTCHA = re.compile(
    r"captcha|robot check|are you (?:a )?(?:human|robot)|verify (?:that )?you are (?:a )?human|cf-chl"
    r"|challenge-platform|just a moment\.\.\.|access denied|unusual traffic|datadome|px-block",
    re.IGNORECASE,
)
_ODD = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, LxmlError)


class Product(NamedTuple):
    name: str | None = None
    price: int | None = None
    """In minor units."""
    currency: str | None = None
    image_url: str | None = None


class Page(NamedTuple):
    product: Product
    is_captcha: bool


def read_page(body: bytes, content_type: str | None, url: str) -> Page:
    """Takes a while for large pages."""
    _, html = html_to_unicode(content_type, body)
    found = [_tried(read, html, url) for read in (_from_json_ld, _from_microdata, _from_open_graph)]
    product = _merged(found)
    return Page(product, is_captcha=product == Product() and _CAPTCHA.search(html) is not None)


def _tried(read: Callable[[str, str], Product], html: str, url: str) -> Product:
    try:
        return read(html, url)
    except _ODD:
        return Product()


def _merged(found: list[Product]) -> Product:
    """Of each fact the first that is known; a price only together with its own currency."""
    priced = next((product for product in found if product.price is not None), Product())
    name = next((product.name for product in found if product.name), None)
    image = next((product.image_url for product in found if product.image_url), None)
    return Product(name, priced.price, priced.currency, image)


def _from_json_ld(html: str, url: str) -> Product:
    for node in _nodes(JsonLdExtractor().extract(html)):
        if _is_product(node.get("@type")):
            return _product_of(node, url)
    return Product()


def _from_microdata(html: str, url: str) -> Product:
    for node in _nodes(MicrodataExtractor().extract(html)):
        if _is_product(node.get("type")) and isinstance(node.get("properties"), dict):
            return _product_of(_flat(node["properties"]), url)
    return Product()


def _from_open_graph(html: str, url: str) -> Product:
    for card in OpenGraphExtractor().extract(html):
        facts = dict(reversed([(name, value) for name, value in card["properties"] if isinstance(value, str)]))
        price, currency = _price(
            facts.get("product:price:amount") or facts.get("og:price:amount"),
            facts.get("product:price:currency") or facts.get("og:price:currency"),
        )
        return Product(_text(facts.get("og:title")), price, currency, _address(facts.get("og:image"), url))
    return Product()


def _product_of(node: Mapping[str, Any], url: str) -> Product:
    offer = _first(node.get("offers")) or {}
    if isinstance(offer, dict) and "price" not in offer and "lowPrice" not in offer:
        offer = _first(offer.get("priceSpecification")) or offer
    amount = offer.get("price", offer.get("lowPrice")) if isinstance(offer, dict) else None
    price, currency = _price(amount, offer.get("priceCurrency") if isinstance(offer, dict) else None)
    image = _first(node.get("image"))
    if isinstance(image, dict):
        image = _first(image.get("url") or image.get("contentUrl"))
    return Product(_text(_first(node.get("name"))), price, currency, _address(image, url))


def _nodes(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner, depth + 1)


def _is_product(kind: Any) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(one, str) and re.split(r"[/#:]", one)[-1] == "Product" for one in kinds)


def _flat(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Microdata nests each thing in its `properties`; JSON-LD does not."""
    return {name: _unwrapped(value) for name, value in properties.items()}


def _unwrapped(value: Any) -> Any:
    first = _first(value)
    return _flat(first["properties"]) if isinstance(first, dict) and "properties" in first else first


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    readable = "".join(character if character.isprintable() else " " for character in value)
    return " ".join(readable.split())[:LONGEST_NAME] or None


def _address(value: Any, url: str) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    joined = urljoin(url, value.strip())
    is_usable = re.fullmatch(r"https?://[^\s\\]+", joined) and joined.isprintable() and len(joined) <= LONGEST_ADDRESS
    return joined if is_usable else None


def _price(amount: Any, currency: Any) -> tuple[int | None, str | None]:
    """In minor units; nothing without a currency, which is what tells how many there are."""
    number, symbol = _number(amount)
    code = currency.strip().upper() if isinstance(currency, str) else _SYMBOLS.get(symbol or "", symbol)
    if number is None or code is None or not re.fullmatch(r"[A-Z]{3}", code):
        return None, None
    digits = 0 if code in _NO_MINOR_UNITS else 3 if code in _THREE_DIGITS else 2
    minor = int((number * 10**digits).to_integral_value())
    return (minor, code) if 0 <= minor <= HIGHEST_PRICE else (None, None)


def _number(amount: Any) -> tuple[Decimal | None, str | None]:
    if isinstance(amount, bool) or not isinstance(amount, str | int | float):
        return None, None
    text = str(amount).strip()[:100]
    try:
        number = Decimal(text)
        return (number, None) if number.is_finite() and abs(number) < HIGHEST_PRICE else (None, None)
    except InvalidOperation:
        parsed = Price.fromstring(text)
        return parsed.amount, parsed.currency
