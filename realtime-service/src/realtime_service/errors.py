"""What can go wrong on a live connection, beside what any request can meet."""

from shared.errors import BadRequest, Forbidden, NotFound, TesseraError, TooManyRequests


class InvalidMessage(BadRequest):
    code = "WS_INVALID_MESSAGE"
    message = "This is not a frame of the protocol."


class UnknownType(BadRequest):
    code = "WS_UNKNOWN_TYPE"
    message = "There is no frame of this kind."


class TooManySubscriptions(TooManyRequests):
    code = "WS_TOO_MANY_SUBSCRIPTIONS"
    message = "A connection can follow 128 topics: unsubscribe from one first."


class TooManyConnections(TooManyRequests):
    code = "WS_TOO_MANY_CONNECTIONS"
    message = "Too many live connections are open: close one first."


class NotPresent(BadRequest):
    code = "WS_NOT_PRESENT"
    message = "Subscribe to this topic with `presence` first."


class UpgradeRequired(TesseraError):
    status = 426
    code = "UPGRADE_REQUIRED"
    message = "This address speaks WebSocket: ask for an upgrade."
    remedy = "Connect with a WebSocket client."


class UnknownPoll(BadRequest):
    code = "WS_SESSION_UNKNOWN"
    message = "Session ID unknown"
    remedy = "Connect anew; with several nodes, long polling needs sticky sessions."


class ProjectNotFound(NotFound):
    code = "PROJECT_NOT_FOUND"
    message = "There is no such project."


class NotAllowed(Forbidden):
    code = "WS_FORBIDDEN"
    message = "You may not do that in this project, or see it no more."
