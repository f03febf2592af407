"""The wire types of support."""

from typing import Annotated
from uuid import UUID

import msgspec

from shared.pagination import PageQuery
from shared.wire_enum import WireEnum


class Source(WireEnum):
    """Who gave an answer. `none`: nobody yet, the ticket waits for a person."""

    FAQ = "faq"
    AI = "ai"
    NONE = "none"


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is Markdown."""

    id: str
    question: str
    answer: str


class FaqQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Words to look for; what fits best comes first."""


class AskQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    question: Annotated[str, msgspec.Meta(min_length=3, max_length=4_000, pattern=r"\S")]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    ticket_id: UUID
    answer: str | None
    source: Source
    article_id: str | None
    """The article of the FAQ that the answer is."""
