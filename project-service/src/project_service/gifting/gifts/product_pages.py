"""What a shop's page says of its product: JSON-LD first, then microdata, then Open Graph.

Pages are anybody's: whatever is odd is left out, and only as much is looked at as an honest page has. What remains
costly (a start tag of 200 KB takes the parser seconds) is for the limits of the process that this runs in.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin

from lxml import etree, html
from price_parser import Price
from w3lib.encoding import html_to_unicode

from project_service.gifting.gifts.products import HIGHEST_PRICE, LONGEST_ADDRESS, LONGEST_NAME, Page, Product

MAX_DEPTH = 20  # of nested data; product pages have four or five levels
MAX_BLOCKS = 100  # of JSON-LD; product pages have a few
MAX_ITEMS = 1_000  # of microdata; product pages with all their reviews have some hundreds
MAX_ELEMENTS = 50_000  # of one item or text; large product pages have 5,000 in all

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
_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*+"?)|//[^\n]*|/\*.*?\*/|<!--|-->|<!\[CDATA\[|\]\]>', re.DOTALL)
"""In JSON, and around it in pages that hide it from old browsers; texts in quotes stay."""
_MICRODATA = frozenset(
    ["name", "image", "offers", "price", "lowPrice", "priceCurrency", "priceSpecification", "url", "contentUrl"]
)
_VALUE_OF = MappingProxyType(
    {
        **dict.fromkeys(["audio", "embed", "iframe", "img", "source", "track", "video"], "src"),
        **dict.fromkeys(["a", "area", "link"], "href"),
        **dict.fromkeys(["data", "meter"], "value"),
        "meta": "content",
        "object": "data",
        "time": "datetime",
    }
)
"""The attribute that is the value of a property, by tag; of other elements it is `content` or their text."""
_UNSEEN = frozenset(["script", "style", "template", "noscript"])
_INLINE = frozenset(["a", "abbr", "b", "bdi", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u"])
_ODD = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, etree.LxmlError)


def read_page(body: bytes, content_type: str | None, url: str) -> Page:
    """Takes a while for large pages, and very long for hostile ones."""
    _, text = html_to_unicode(content_type, body)
    document = _document(text)
    found = [] if document is None else [_tried(read, document, url) for read in _SOURCES]
    product = _merged(found)
    return Page(product, is_captcha=product == Product() and _CAPTCHA.search(text) is not None)


def _document(text: str) -> html.HtmlElement | None:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode(errors="replace"), parser=parser)
    except _ODD:
        return None


def _tried(read: Callable[[html.HtmlElement, str], Product], document: html.HtmlElement, url: str) -> Product:
    try:
        return read(document, url)
    except _ODD:
        return Product()


def _merged(found: list[Product]) -> Product:
    """Of each fact the first that is known; a price only together with its own currency."""
    priced = next((product for product in found if product.price is not None), Product())
    name = next((product.name for product in found if product.name), None)
    image = next((product.image_url for product in found if product.image_url), None)
    return Product(name, priced.price, priced.currency, image)


def _from_json_ld(document: html.HtmlElement, url: str) -> Product:
    for block in islice(_json_ld_blocks(document), MAX_BLOCKS):
        for node in _nodes(_read_json(block)):
            if _is_product(node.get("@type")):
                return _product_of(node, url)
    return Product()


def _json_ld_blocks(document: html.HtmlElement) -> Iterator[str]:
    for script in document.iter("script"):
        if script.get("type", "").partition(";")[0].strip().lower() == "application/ld+json":
            yield script.text or ""


def _read_json(text: str) -> Any:
    """None for what is no JSON, even without its comments: a broken block takes nothing from the others."""
    return _parsed(text) or _parsed(_COMMENTS.sub(_text_in_quotes, text))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _text_in_quotes(found: re.Match[str]) -> str:
    return found[1] or ""


def _from_microdata(document: html.HtmlElement, url: str) -> Product:
    """Of items as they stand in the page; what `itemref` adds from elsewhere is not followed: it can go in circles."""
    for item in islice(document.iterfind(".//*[@itemscope]"), MAX_ITEMS):
        if _is_product(item.get("itemtype", "").split()):
            return _product_of(_item(item, 0), url)
    return Product()


def _item(item: html.HtmlElement, depth: int) -> dict[str, Any]:
    """Of each property that matters its first value."""
    found: dict[str, Any] = {}
    for element in islice(_within_item(item), MAX_ELEMENTS):
        for name in element.get("itemprop", "").split():
            if name in _MICRODATA and name not in found:
                found[name] = _value_of(element, depth)
    return found


def _within_item(item: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Its elements in their order, not those of the items in it."""
    waiting = list(reversed(item))
    while waiting:
        element = waiting.pop()
        yield element
        if element.get("itemscope") is None:
            waiting.extend(reversed(element))


def _value_of(element: html.HtmlElement, depth: int) -> Any:
    if element.get("itemscope") is not None:
        return _item(element, depth + 1) if depth < MAX_DEPTH else None
    if element.tag in _VALUE_OF:
        return element.get(_VALUE_OF[element.tag], "")
    return element.get("content") or _text_of(element)


def _text_of(element: html.HtmlElement) -> str:
    """As a reader sees it: elements that are not part of a line are apart."""
    parts: list[str] = []
    for event, node in islice(etree.iterwalk(element, events=("start", "end")), MAX_ELEMENTS):
        text = node.text if event == "start" and node.tag not in _UNSEEN else ""
        tail = node.tail if event == "end" and node is not element else ""
        edge = "" if node.tag in _INLINE else " "
        parts += [edge, text or "", edge, tail or ""] if event == "end" else [edge, text or ""]
    return "".join(parts)


def _from_open_graph(document: html.HtmlElement, url: str) -> Product:
    facts: dict[str, str] = {}
    for meta in islice(document.iterfind("head/meta[@property]"), MAX_ELEMENTS):
        facts.setdefault(meta.get("property", ""), meta.get("content", ""))
    price, currency = _price(
        facts.get("product:price:amount") or facts.get("og:price:amount"),
        facts.get("product:price:currency") or facts.get("og:price:currency"),
    )
    return Product(_text(facts.get("og:title")), price, currency, _address(facts.get("og:image"), url))


_SOURCES = (_from_json_ld, _from_microdata, _from_open_graph)


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
