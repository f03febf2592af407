"""Where the database's files live: in the given folder, or linked from there when the server may not enter it.

As root the server runs under another account, and a folder below /root or a private temporary folder is closed to
it. Nothing above the folder is ours to open, so the files go to a folder of their own in STATE_FOLDER, and `pgdata` in
the given folder is a link to it: visible, kept when the folder is moved, and found again without any register.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.server_account import STATE_FOLDER, Account, can_enter, make_state_folder, server_account
from deploy.supervision.errors import FolderUnusable
from deploy.supervision.private import make_passable

LINK = "pgdata"


@dataclass(frozen=True)
class Home:
    """`data` is the cluster's folder (perhaps not there yet); `account` is whom the server runs as (None: us)."""

    data: Path
    account: Account | None

    @property
    def folder(self) -> Path:
        return self.data.parent


def locate_home(folder: Path) -> Home:
    link = folder / LINK
    account = server_account(link, folder)
    if link.is_symlink():
        home = Home(link.readlink(), account)
    elif link.exists() or account is None or can_enter(account, folder):
        home = Home(link, account)
    else:
        home = Home(_move_out(link), account)
    _check(home, folder)
    return home


def remove_data(folder: Path) -> None:
    """Deletes the database of a stopped server for good, wherever it lives."""
    link = folder / LINK
    if link.is_symlink():
        shutil.rmtree(link.readlink().parent, ignore_errors=True)
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)


def _move_out(link: Path) -> Path:
    home = STATE_FOLDER / secrets.token_hex(8)
    try:
        make_state_folder()
        make_passable(home)
    except OSError as error:
        raise FolderUnusable(
            f"{link.parent} cannot be entered by the account PostgreSQL runs as, and {STATE_FOLDER} cannot be created "
            f"({error.strerror}): choose a folder that others may pass through (mode 0711), or run as another user"
        ) from error
    (home / "belongs-to").write_text(f"{link.parent}\n")
    link.symlink_to(home / LINK)
    return home / LINK


def _check(home: Home, folder: Path) -> None:
    if not home.folder.exists():
        raise FolderUnusable(f"{folder / LINK} points to {home.data}, which is gone: remove the link to begin anew")
    if home.account is not None and not can_enter(home.account, home.folder):
        raise FolderUnusable(
            f"{home.folder} has become closed to user {home.account.uid}, as whom PostgreSQL runs: "
            f"let others pass through it and the folders above (chmod o+x)"
        )
    if home.account is None and home.data.exists() and home.data.stat().st_uid != os.geteuid():
        raise FolderUnusable(
            f"{home.data} belongs to user {home.data.stat().st_uid}: start as that user or as root, "
            f"or choose another folder"
        )
