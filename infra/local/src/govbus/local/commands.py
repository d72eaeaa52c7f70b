"""A program of ours as a child process: one log file, a session of its own, no secret among its arguments."""

import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOG_BYTES = 16 * 1024 * 1024
"""A log that is larger when its process starts is kept once as `.old` and begun anew."""

STOP_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and where its output goes."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    directory: Path
    log_path: Path


class CommandChild:
    """One running (or ended) program."""

    serves_others = False
    stop_signal = signal.SIGTERM

    def __init__(self, command: Command) -> None:
        """Prepare; nothing is started."""
        self.name = command.name
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def launch(self) -> None:
        """Start it, without waiting for anything."""
        log_path = self._command.log_path
        log_path.parent.mkdir(parents=True, exist_ok=True)
        if log_path.exists() and log_path.stat().st_size > LOG_BYTES:
            log_path.replace(log_path.with_suffix(".old"))
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command.argv, env=dict(self._command.environment), cwd=self._command.directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def ended(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def stop(self) -> None:
        """End it; by force when it takes too long."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
