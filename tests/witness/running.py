"""Witnesses as processes of their own, on loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govbus.local.ports import answers, free_ports

START_SECONDS = 20.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    [port] = free_ports(1)
    return port


@contextmanager
def running(arguments: list[str], port: int) -> Iterator[subprocess.Popen[str]]:
    """Run a program that prints a line and then listens on `port`; killed at the end, if it still runs."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment, text=True) as child:
        try:
            _wait_until_it_listens(child, port)
            yield child
        finally:
            child.kill()


def witness_arguments(folder: Path, vkey: str, port: int, name: str) -> list[str]:
    """Return the command line of a witness whose key and state lie in `folder`."""
    govbus = str(Path(sys.executable).with_name("govbus"))
    listen = f"127.0.0.1:{port}"
    files = ["--key", str(folder / f"{name}.key"), "--state", str(folder / f"{name}.sqlite")]
    return [govbus, "witness", *files, "--log", vkey, "--listen", listen, "--name", f"witness.example/{name}"]


def _wait_until_it_listens(child: "subprocess.Popen[str]", port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert child.poll() is None, "the witness ended by itself"
        if answers(port):
            return
        time.sleep(0.05)
    raise TimeoutError
