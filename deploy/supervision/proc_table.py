"""Which processes live, and where they work."""

import os
from pathlib import Path


def is_alive(pid: int) -> bool:
    """A zombie counts as dead: it holds nothing any more but its exit status."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def working_in(folder: Path) -> list[int]:
    """The processes whose current folder is this one, as far as we may look into them. Needs /proc."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _current_folder(entry) == str(folder)]


def _current_folder(entry: Path) -> str | None:
    try:
        return os.readlink(entry / "cwd")
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"
