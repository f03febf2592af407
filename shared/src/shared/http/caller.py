"""From where a request comes, as the gateway tells: for session lists and limits, never for rights."""

from typing import NamedTuple

from shared.http.app import Request

_MAX_USER_AGENT = 400  # characters kept


class Caller(NamedTuple):
    address: str
    user_agent: str


def read_caller(request: Request) -> Caller:
    forwarded = request.headers.get("x-forwarded-for", "").rsplit(",", maxsplit=1)[-1].strip()
    user_agent = request.headers.get("user-agent", "")[:_MAX_USER_AGENT]
    return Caller(forwarded or request.ip, user_agent.replace("\x00", ""))
