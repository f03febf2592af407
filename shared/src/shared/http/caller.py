"""How the caller is read from a request."""

from shared.caller import Caller
from shared.http.app import Request

_MAX_USER_AGENT = 400  # characters kept


def read_caller(request: Request) -> Caller:
    forwarded = request.headers.get("x-forwarded-for", "").rsplit(",", maxsplit=1)[-1].strip()
    user_agent = request.headers.get("user-agent", "")[:_MAX_USER_AGENT]
    return Caller(forwarded or request.ip, user_agent.replace("\x00", ""))
