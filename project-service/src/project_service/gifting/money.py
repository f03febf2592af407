"""Amounts: integers in minor units, beside an ISO 4217 currency."""

from typing import Annotated

import msgspec

Amount = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000_000)]
"""Within what a sum of thousands of them still fits a bigint."""

Currency = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^[A-Z]{3}\Z")]
DEFAULT_CURRENCY = "EUR"
"""Of an amount that comes without one."""
