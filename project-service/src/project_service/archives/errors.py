"""What can go wrong with archives."""

from shared.errors import Unprocessable


class InvalidArchive(Unprocessable):
    """`details.entries` names what is wrong: `[{name, code, message}]`."""

    code = "INVALID_ARCHIVE"
    message = "The archive cannot be imported; details.entries says why."

    @classmethod
    def because(cls, code: str, message: str, name: str | None = None) -> "InvalidArchive":
        return cls(details={"entries": [{"name": name, "code": code, "message": message}]})
