"""Wire types of live tickets."""

from datetime import datetime

import msgspec


class NewLiveTicket(msgspec.Struct, frozen=True, kw_only=True):
    ticket: str
    expires_at: datetime
