"""One more process of a running service, with the first one's environment, another member name and another port."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from backends.running import CHECKOUT
from system.live_stack import LiveStack


class SecondProcess:
    """Starts at once; `kill` ends it as a crash would."""

    def __init__(self, stack: LiveStack, service: str, first_pid: int) -> None:
        """Start it beside the process `first_pid`."""
        raw = Path(f"/proc/{first_pid}/environ").read_bytes()
        environment = dict(part.split(b"=", 1) for part in raw.split(b"\0") if b"=" in part)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {b"GOVBUS_INSTANCE": b"1", b"GOVBUS_HTTP_PORT": str(port).encode()}
        with (stack.home / "logs" / f"{service}-second.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"govbus.{service}"],
                env={**environment, **own}, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

        stack.watch(self._process.pid)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL it and wait."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
