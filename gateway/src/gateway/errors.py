"""What can be wrong with a request before any service sees it."""

from shared.errors import BadRequest, Forbidden, TooManyRequests


class TargetTooLong(BadRequest):
    status = 414
    message = "The address of the request is too long."


class HeadTooLarge(BadRequest):
    status = 431
    message = "The headers of the request are too large or too many."


class AmbiguousCredentials(BadRequest):
    code = "AUTH_AMBIGUOUS"
    message = "Two different credentials were sent: send one."


class OriginNotAllowed(Forbidden):
    code = "ORIGIN_NOT_ALLOWED"
    message = "A session cookie counts for writes and live connections only when an allowed web app sends it."


class TooManyConnections(TooManyRequests):
    code = "TOO_MANY_CONNECTIONS"
    message = "Too many connections are open from this address: close some, or use those that are open."
    remedy = "Close connections, or send more requests on each."
