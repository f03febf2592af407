"""Ports on the loopback interface."""

import secrets
import socket

# Below the range from which the kernel takes the near ends of outgoing connections: while a server is down, a client
# that keeps reconnecting to a port inside that range can end up connected to itself and hold the port for good.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    for _ in range(ATTEMPTS):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
