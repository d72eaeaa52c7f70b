"""A small stack for the supervisor's tests: PostgreSQL and one program that starts a child of its own.

Run as `python two_children.py FOLDER`; writes `FOLDER/pids.json` when everything runs.
"""

import json
import sys
import time
from pathlib import Path

from govbus.local.commands import Command, CommandChild
from govbus.local.postgres import PostgresServer
from govbus.local.supervisor import Supervisor

GRANDCHILD = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
pathlib.Path('grandchild').write_text(str(child.pid))
time.sleep(600)
"""


def main(folder: Path) -> None:
    """Start both and keep them running."""
    pids = folder / "pids.json"

    def say(sentence: str) -> None:
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()

    def record(known: dict[str, int]) -> None:
        pids.write_text(json.dumps(known))

    supervisor = Supervisor(say, record)
    supervisor.add(PostgresServer(folder / "postgres", "secret"))
    command = Command("sleeper", (sys.executable, "-c", GRANDCHILD), {}, folder, folder / "sleeper.log")
    supervisor.add(CommandChild(command))
    while True:
        supervisor.check()
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
