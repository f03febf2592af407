"""What a stack on this machine writes is for its owner only: new files by the umask, older ones when it starts."""

import os
import stat
from pathlib import Path

UMASK = 0o077
PASSABLE_MODE = 0o711
"""As root, PostgreSQL runs as another account: it may pass through the folders above its data, and read none."""
PRIVATE_MODE = 0o700
_OTHERS_MAY_READ_OR_WRITE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OWN_FOLDERS = ("secrets", "postgres", "rabbitmq", "redis", "mail", "objects", "dead-letters")
_DATABASE_FOLDER = "pgdata"


def write_privately() -> None:
    """From here on nothing that this process and its children make can be read by others."""
    os.umask(UMASK)


def make_passable(folder: Path) -> None:
    """One through which other accounts get to a folder that is theirs, whatever the umask; they cannot list it."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(PASSABLE_MODE if os.geteuid() == 0 else PRIVATE_MODE)


def make_private(folder: Path) -> None:
    folder.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)


def tighten(home: Path) -> None:
    """Takes from others what earlier versions let them read in `home`; what is not ours in there stays as it is."""
    _take(home, _OTHERS_MAY_READ_OR_WRITE)
    for path in home.glob("*.log"):
        _take(path, _OTHERS)
    for name in _OWN_FOLDERS:
        _tighten_folder(home / name)


def _tighten_folder(top: Path) -> None:
    """The database's own folder belongs to its account, which keeps it closed itself."""
    _take(top, _OTHERS_MAY_READ_OR_WRITE)
    for folder, folders, files in os.walk(top):
        if _DATABASE_FOLDER in folders:
            folders.remove(_DATABASE_FOLDER)
        for name in folders:
            _take(Path(folder, name), _OTHERS)
        for name in files:
            _take(Path(folder, name), _OTHERS)


def _take(path: Path, rights: int) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return  # a file of a moment
    is_ours = status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
    is_shared = bool(status.st_mode & stat.S_ISVTX)  # such as /tmp, which somebody has chosen as home
    if is_ours and not is_shared and status.st_mode & rights:
        path.chmod(stat.S_IMODE(status.st_mode) & ~rights)
