"""From where a request comes, as the gateway tells: for session lists and limits, never for rights."""

from typing import NamedTuple


class Caller(NamedTuple):
    address: str
    user_agent: str
