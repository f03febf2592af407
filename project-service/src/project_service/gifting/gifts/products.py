"""What a page says of its product, as it comes back from the process that reads pages."""

from typing import Annotated, NamedTuple

from msgspec import Meta

LONGEST_NAME = 300
LONGEST_ADDRESS = 2048
HIGHEST_PRICE = 1_000_000_000_000


class Product(NamedTuple):
    name: Annotated[str, Meta(max_length=LONGEST_NAME)] | None = None
    price: Annotated[int, Meta(ge=0, le=HIGHEST_PRICE)] | None = None
    """In minor units."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")] | None = None
    image_url: Annotated[str, Meta(max_length=LONGEST_ADDRESS, pattern=r"^https?://")] | None = None


class Page(NamedTuple):
    product: Product
    is_captcha: bool


class PageBytes(NamedTuple):
    """A page as it was fetched: what the process is asked to read."""

    body: bytes
    content_type: str | None
    url: str
