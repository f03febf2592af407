"""A small process that keeps one server alive exactly as long as its owner holds the other end of a pipe."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass(frozen=True)
class Order:
    """What to run. `stop` is a ladder of (signal name, seconds of patience); SIGKILL follows the last step."""

    command: list[str]
    environment: dict[str, str]
    folder: str
    log: str
    stop: list[tuple[str, float]]
    uid: int | None = None
    gid: int | None = None


class Guard:
    """Starts the server, waits for its end or for the order to end it, and leaves nothing behind.

    Standard input: one line of JSON (the fields of `Order`), later perhaps the line `kill`; end of file asks for
    an orderly stop, and comes by itself when the owner dies in whatever way.
    Standard output: `started <pid>` or `failed <reason>`, and at the end `exited <status>`.
    """

    def __init__(self, order: Order) -> None:
        self._steps = deque((signal.Signals[name], patience) for name, patience in order.stop)
        self._stopping = False
        self._deadline: float | None = None
        self._news, wake = socket.socketpair()
        self._wake = wake
        _listen_for_signals(wake)
        self._server = _spawn(order, death_signal=self._steps[0][0])

    def run(self) -> int:
        """Returns the server's exit status, negative for a signal."""
        report(f"started {self._server.pid}")
        while (status := self._reap()) is None:
            self._wait_for_news()
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._next_step()
        _end_what_is_left()
        return status

    def _reap(self) -> int | None:
        """Collects every dead child (adopted ones too); the status of the server once it is among them."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self._server.pid:
                return os.waitstatus_to_exitcode(status)
            if pid == 0:
                return None

    def _wait_for_news(self) -> None:
        patience = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        sources = [self._news] if self._stopping else [self._news, sys.stdin.fileno()]
        readable, _, _ = select.select(sources, [], [], patience)
        if self._news in readable and STOP_SIGNALS & set(self._news.recv(64)):
            self._stop()
        if sys.stdin.fileno() in readable:
            self._obey(os.read(sys.stdin.fileno(), 64))

    def _obey(self, request: bytes) -> None:
        if request.startswith(b"kill"):
            os.killpg(self._server.pid, signal.SIGKILL)
        elif not request:
            self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._next_step()

    def _next_step(self) -> None:
        if self._steps:
            step, patience = self._steps.popleft()
            os.kill(self._server.pid, step)
            self._deadline = time.monotonic() + patience
        else:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._deadline = None


def _listen_for_signals(wake: socket.socket) -> None:
    """Turns signals into bytes on a socket, so that one `select` waits for everything."""
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    for number in {signal.SIGCHLD, *STOP_SIGNALS}:
        signal.signal(number, lambda *_: None)


def _spawn(order: Order, death_signal: signal.Signals) -> subprocess.Popen[bytes]:
    other_account = order.uid is not None
    with Path(order.log).open("ab") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
        return subprocess.Popen(
            order.command,
            env=order.environment,
            cwd=order.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            user=order.uid,
            group=order.gid,
            extra_groups=[] if other_account else None,
            preexec_fn=_die_with_guard(os.getpid(), death_signal),
        )


def _die_with_guard(guard: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    """For the case that the guard itself is killed. Runs after the change of account, which would clear the setting."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != guard:
            os._exit(1)

    return ask_kernel


def _end_what_is_left() -> None:
    """Kills what the server left running: as subreaper the guard has become the parent of all of it."""
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            yield int(entry.parent.name)


def _first_line() -> bytes:
    # Unbuffered: what follows belongs to `select`.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as orders:
        return orders.readline()


def report(line: str) -> None:
    try:
        os.write(sys.stdout.fileno(), f"{line}\n".encode())
    except BrokenPipeError:
        return


def main() -> None:
    os.umask(0o077)  # the log may begin here
    order = Order(**json.loads(_first_line()))
    try:
        guard = Guard(order)
    except (OSError, subprocess.SubprocessError) as error:
        report(f"failed {error}")
        return
    report(f"exited {guard.run()}")


if __name__ == "__main__":
    main()
