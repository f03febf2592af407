"""`make bench`: all measurements, one after the other, each printed with its machine and its reference."""

import subprocess
import sys

MEASUREMENTS = (
    "deploy.bench.gateway",
    "deploy.bench.limits",
    "deploy.bench.refusals",
    "deploy.bench.slowloris",
    "deploy.bench.connections",
    "deploy.bench.connections --realtime --count 9800",
    "deploy.bench.fanout",
    "deploy.bench.stalled",
    "deploy.bench.latency",
    "deploy.bench.logins",
    "deploy.bench.revocation",
    "deploy.bench.files",
    "deploy.bench.tasks",
    "deploy.bench.search",
    "deploy.bench.conversations",
    "deploy.bench.completions",
    "deploy.bench.gifting",
    "deploy.bench.socketio",
    "deploy.bench.jobs",
)


def main() -> None:
    results = [
        subprocess.run([sys.executable, "-m", *module.split()], check=False).returncode for module in MEASUREMENTS
    ]
    sys.exit(max(results))


if __name__ == "__main__":
    main()
