"""References written for Node: each in a folder of its own, with exact versions, installed the first time."""

import shutil
import subprocess
from pathlib import Path

_INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
_INSTALL_SECONDS = 180.0


def why_not(folder: Path) -> str | None:
    """What keeps it from running here; installs what it needs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    if not (folder / "node_modules").is_dir():
        try:
            subprocess.run(_INSTALL, cwd=folder, check=True, timeout=_INSTALL_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return "npm could not install it"
    return None


def version() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"node {node}"
