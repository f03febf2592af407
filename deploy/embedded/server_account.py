"""Under which account PostgreSQL runs (it refuses root), and what that account can reach."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

# For what a closed folder cannot hold. Not below /var/tmp: there anyone may squat on a name, and old files are swept.
STATE_FOLDER = Path("/var/lib/tessera")
NOBODY = "nobody"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def server_account(data: Path, folder: Path) -> Account | None:
    """None: our own. As root: the owner of the existing data, else of the folder, else `nobody`."""
    if os.geteuid() != 0:
        return None
    for path in (data, folder):
        owner = path.stat() if path.exists() else None
        if owner is not None and owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    entry = pwd.getpwnam(NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def make_state_folder() -> None:
    """Open to all whatever the umask: programs are in it, and folders that are closed themselves."""
    if not STATE_FOLDER.exists():
        STATE_FOLDER.mkdir(parents=True)
        STATE_FOLDER.chmod(0o755)


def can_enter(account: Account, folder: Path) -> bool:
    """Whether the mode bits of the folder and of all above it let the account through. Access lists are not read."""
    return all(_lets_through(path.stat(), account) for path in (folder, *folder.parents))


def _lets_through(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
