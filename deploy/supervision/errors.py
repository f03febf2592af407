"""What can go wrong with a server of our own, each as one sentence an operator can act on."""

from pathlib import Path


class ServerError(Exception):
    """A server that could not be started, found or reached."""


class AlreadyRunning(ServerError):
    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(f"{folder} is in use by the running process {pid}: stop it first or choose another folder")
        self.folder = folder
        self.pid = pid


class PortInUse(ServerError):
    def __init__(self, port: int, server: str, setting: str) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is in use, {server} cannot listen there: "
            f"set {setting} to another port, or to 0 for any free one"
        )
        self.port = port


class NotRunning(ServerError):
    def __init__(self, server: str) -> None:
        super().__init__(f"{server} has not been started")


class StartFailed(ServerError):
    def __init__(self, server: str, reason: str, log: Path) -> None:
        super().__init__(f"{server} did not start ({reason}); its log is {log}")


class FolderUnusable(ServerError):
    """The folder cannot hold a server's data; the sentence names it and the way out."""


class NotInstalled(ServerError):
    """A server's program is not on this machine."""
