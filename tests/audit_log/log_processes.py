"""Whole processes of the log, forked from one that has imported everything: a start costs a tenth of a second."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from audit_log.fault_points import arm
from backends.running import CHECKOUT
from govbus.audit_log.app import build_app
from govbus.audit_log.settings import Settings
from govbus.eventing.serving import start_logs

_END_SECONDS = 60.0


class LogProcesses:
    """Starts processes of one log and says how they ended."""

    def __init__(self, server: subprocess.Popen[str], log: Path) -> None:
        """Take the process that forks."""
        self._server = server
        self._log = log
        self._asking = asyncio.Lock()
        self._alive: set[int] = set()

    async def start(self, settings: dict[str, Any], point: str | None = None, what: str = "kill") -> int:
        """Start a process that is killed (or frozen) when it reaches `point`; return its id."""
        pid = int(await self._ask({"settings": settings, "point": point, "what": what, "log": str(self._log)}))
        self._alive.add(pid)
        return pid

    async def ended(self, pid: int, seconds: float = _END_SECONDS) -> int:
        """Return how a process ended, as `os.waitstatus_to_exitcode` says it; fail when it goes on."""
        for _ in range(int(seconds / 0.02)):
            said = await self._ask({"ended": pid})
            if said is not None:
                self._alive.discard(pid)
                return int(said)
            await asyncio.sleep(0.02)
        raise AssertionError(f"process {pid} did not end:\n{self.told()}")

    async def kill(self, pid: int) -> None:
        """End a process as a crash would."""
        os.kill(pid, signal.SIGKILL)
        await self.ended(pid)

    def told(self) -> str:
        """Return the end of what the processes logged."""
        return self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""

    async def close(self) -> None:
        """Kill what still runs, and the process that forks."""
        for pid in list(self._alive):
            await self.kill(pid)
        self._server.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        self._server.stdout.close()  # type: ignore[union-attr]
        self._server.wait()

    async def _ask(self, wish: dict[str, Any]) -> Any:
        async with self._asking:
            return await asyncio.to_thread(self._ask_now, wish)

    def _ask_now(self, wish: dict[str, Any]) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(wish) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


@asynccontextmanager
async def log_processes(folder: Path) -> AsyncIterator[LogProcesses]:
    """Give the means to start processes; all of them are ended with the block."""
    server = subprocess.Popen(  # noqa: ASYNC220 - returns at once; it forks, so no event loop may run in it
        [sys.executable, "-m", "audit_log.log_processes"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    processes = LogProcesses(server, folder / "log.log")
    try:
        yield processes
    finally:
        await processes.close()


def _serve_forks() -> None:
    """Fork for every wish on standard input, and answer on standard output."""
    for line in sys.stdin:
        wish = json.loads(line)
        said = _state(wish["ended"]) if "ended" in wish else _fork(wish)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _state(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _fork(wish: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for here, there in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(here, there)
        start_logs("INFO")
        if wish["point"]:
            arm(wish["point"], wish["what"])
        asyncio.run(_live(Settings(**wish["settings"])))
    except BaseException:  # noqa: BLE001 - a fork must never return into the parent's loop
        traceback.print_exc()
    os._exit(1)


async def _live(settings: Settings) -> None:
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _serve_forks()
