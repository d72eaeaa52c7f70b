"""Ports of this machine: who may have one, and one that nobody has."""

import random
import socket

LOOPBACK = "127.0.0.1"
"""Nothing of the local stack listens on another address."""

FIRST_PORT, LAST_PORT = 12_000, 20_000
"""Below what systems give to outgoing connections (Linux: from 32768), and off the stack's own."""


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return different ports that are free at this moment, none of those that outgoing connections are given.

    A client that retries a dead server on such a port may connect to itself there, and the server cannot come back.

    Raises:
        OSError: nearly all of them are taken.
    """
    found: list[int] = []
    for port in random.sample(range(FIRST_PORT, LAST_PORT), LAST_PORT - FIRST_PORT):
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise OSError(f"no {count} free ports from {FIRST_PORT} to {LAST_PORT}")


def answers(port: int, timeout_seconds: float = 0.2) -> bool:
    """Say whether somebody accepts connections on `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout_seconds)
        return probe.connect_ex((LOOPBACK, port)) == 0
