"""`make bench`: all measurements, one after the other, each printed with its machine and its reference."""

import subprocess
import sys

MEASUREMENTS = (
    "deploy.bench.gateway",
    "deploy.bench.limits",
    "deploy.bench.slowloris",
    "deploy.bench.connections",
    "deploy.bench.latency",
    "deploy.bench.logins",
    "deploy.bench.revocation",
    "deploy.bench.files",
    "deploy.bench.tasks",
    "deploy.bench.socketio",
)


def main() -> None:
    results = [subprocess.run([sys.executable, "-m", module], check=False).returncode for module in MEASUREMENTS]
    sys.exit(max(results))


if __name__ == "__main__":
    main()
