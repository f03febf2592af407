"""How many files and sockets this process may have open at once (RLIMIT_NOFILE)."""

import resource

from shared.telemetry.logs import get_logger

ENOUGH = 4096  # below it a crowd of clients finds a closed door on an otherwise idle machine
MOST = 1_048_576  # where the hard limit is "any number": programs that we start size tables by it


def raise_file_limit() -> int:
    """Raises the limit of this process to the hard one and returns it; one sentence in the log when that is low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    is_enough = soft == resource.RLIM_INFINITY or soft >= wanted
    wanted = soft if is_enough else _set(wanted, hard, soft)
    if wanted != resource.RLIM_INFINITY and wanted < ENOUGH:
        get_logger().warning("few files and connections can be open at once: raise the limit (ulimit -n)", limit=wanted)
    return wanted


def file_limit() -> int:
    """The limit as it is now; MOST when there is none."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if soft == resource.RLIM_INFINITY else soft


def _set(wanted: int, hard: int, before: int) -> int:
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):  # macOS has a lower limit of its own behind the one that it names
        return before
    return wanted
