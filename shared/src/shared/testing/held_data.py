"""Asking a service for everything that it holds about somebody."""

from typing import Any

import msgspec

from shared.events.questions import HeldAbout
from shared.messaging.requests import Requests
from shared.principal import Principal


async def everything_held(requests: Requests, service: str, who: Principal) -> tuple[dict[str, list[Any]], int]:
    """By section, and in how many pages it came."""
    held: dict[str, list[Any]] = {}
    pages, after, is_over = 0, None, False
    while not is_over:
        asked = HeldAbout(tenant_id=who.tenant_id, user_id=who.user_id, after=after)
        page = await requests.ask(asked, service=service, deadline=10.0)
        held.setdefault(page.section, []).extend(msgspec.json.decode(row) for row in page.rows)
        pages, after, is_over = pages + 1, page.next, page.next is None
    return held, pages
