"""Who may import whom: import-linter's contracts hold, and each has been seen to fail."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from architecture.checkout import CHECKOUT, PARTS, SERVICES

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}

PLANTED = {
    "services/risk/handlers.py": "import govbus.inventory.domain.record",
    "contracts/envelope.py": "import sqlalchemy\nimport govbus.eventing.outbox\nimport govbus.contracts.catalogue",
    "eventing/outbox.py": "import govbus.sdk",
    "oversight/domain/severity.py": "import random",
    "services/audit_log/app.py": "import pyarrow",
}
"""File → a line that breaks one or more contracts; every service besides gets a module that no layer names."""


def _lint(sources: Path | None = None) -> tuple[int, str]:
    environment = {**os.environ, "COLUMNS": "200"} | ({"PYTHONPATH": str(sources)} if sources else {})
    command = [
        str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(CHECKOUT / "pyproject.toml")
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    return done.returncode, done.stdout + done.stderr


def _copy_with_violations(folder: Path) -> None:
    for name, source in {**PARTS, **SERVICES}.items():
        shutil.copytree(source, folder / "govbus" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SERVICES:
        (folder / "govbus" / name / "misc.py").write_text('"""In no layer."""\n')
    for place, line in PLANTED.items():
        file = folder / "govbus" / place.removeprefix("services/")
        file.write_text(file.read_text("utf-8") + f"\n{line}\n")


def test_imports_keep_every_contract() -> None:
    code, said = _lint()
    assert code == 0, said


def test_planted_violations_break_every_contract(tmp_path: Path) -> None:
    _copy_with_violations(tmp_path)
    code, said = _lint(tmp_path)
    assert code == 1, said
    kept = [name for name in CONTRACTS.values() if f"{name} BROKEN" not in " ".join(said.split())]
    assert kept == [], said
