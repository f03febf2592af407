"""Installing a server's Debian package, without the system service that comes with it."""

import os
import shutil
from pathlib import Path

from deploy.supervision.errors import ServerError
from deploy.supervision.guard import Order
from deploy.supervision.guarded import run_to_end

SCRIPT = Path(__file__).with_name("apt_install.sh")
# What invoke-rc.d asks before it starts a service.
POLICY = Path("/usr/sbin/policy-rc.d")


class InstallFailed(ServerError):
    def __init__(self, package: str, log: Path) -> None:
        super().__init__(f"apt-get could not install {package}; its output is in {log}")


def can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


async def install(package: str, log: Path, policy: Path = POLICY) -> None:
    order = Order(
        command=["/bin/sh", str(SCRIPT), str(policy), package],
        environment=dict(os.environ),
        folder="/",
        log=str(log),
        # An interrupted installation leaves dpkg half configured: let it finish first, even without us.
        stop=[("SIGCONT", 900.0), ("SIGTERM", 30.0)],
    )
    if await run_to_end(order) != 0:
        raise InstallFailed(package, log)
