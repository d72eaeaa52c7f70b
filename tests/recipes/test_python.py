"""The recipe for Python programs, in interpreters of their own."""

import os
import subprocess
import sys
from pathlib import Path

from recipes.conftest import Register
from recipes.snippets import COMMAND_SECONDS, run_shell, snippets
from sdk.desk import IntakeDesk


def test_programs_say_what_happened_and_the_spool_is_empty_afterwards(intake: IntakeDesk, register: Register) -> None:
    environment = register("//training/churn", "retail")
    recipe = snippets("python.md")
    own = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")} | environment
    told = []
    for name in ("emitter", "emitter", "async-emitter"):
        done = subprocess.run(
            [sys.executable, "-c", recipe[name]],
            env=own, cwd=intake.folder, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True,
        )  # fmt: skip
        told.append(done.stdout.split())
    version, retired = intake.accepted()
    assert told == [[told[0][0], "sent"], [told[0][0], "sent"], ["True"]]
    assert (version.id, version.json()["framework"]) == ("run-4711/version", "sklearn")
    assert (retired.type, retired.subject) == ("dev.govbus.model.retired.v1", "model/retail/churn-2019")
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = run_shell(recipe["spool"], {**environment, **path}, intake.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was refused" in done.stdout
