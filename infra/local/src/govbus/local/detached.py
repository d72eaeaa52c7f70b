"""`up --detach`: the supervisor in the background, its words passed on until it is ready."""

import os
import subprocess
import sys
import time
from pathlib import Path

from govbus.local.layout import Home
from govbus.local.occupancy import supervisor_state
from govbus.local.refusals import Refused

POLL_SECONDS = 0.1


def start_detached(home: Home, directory: Path) -> None:
    """Start the supervisor in a session of its own and return when it is ready.

    Raises:
        Refused: it ended before; its own words were printed already.
    """
    log_path = home.log("supervisor")
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "govbus.local", "up"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=directory, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    with log_path.open("rb") as words:
        while True:
            status = process.poll()
            ready = supervisor_state(home) == "ready"
            sys.stdout.write(words.read().decode(errors="replace"))
            sys.stdout.flush()
            if ready:
                return
            if status is not None:
                raise Refused(f"It did not start; {log_path} holds what it said.")
            time.sleep(POLL_SECONDS)
