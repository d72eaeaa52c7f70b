"""The recipe for pytest, in real test runs of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.conftest import Register
from recipes.snippets import snippets
from sdk.desk import IntakeDesk

PASSES = "def test_good():\n    assert True\n"
FAILS = "def test_bad():\n    assert False\n"
SKIPS = "import pytest\n@pytest.mark.skip\ndef test_later():\n    assert False\n"
EXPECTED_TO_FAIL = "import pytest\n@pytest.mark.xfail\ndef test_known():\n    assert False\n"
HAS_NO_FIXTURE = "def test_lost(nowhere):\n    assert True\n"
CANNOT_BE_READ = "import no_such_module\n"

RUNS = {
    "passed": (PASSES, "passed"),
    "some skipped": (PASSES + SKIPS, "passed"),
    "failed": (PASSES + FAILS, "failed"),
    "all skipped": (SKIPS, "nothing_ran"),
    "known failures only": (EXPECTED_TO_FAIL, "nothing_ran"),
    "no test": ("", "nothing_ran"),
    "a fixture is missing": (PASSES + HAS_NO_FIXTURE, "errored"),
    "a module is missing": (CANNOT_BE_READ, "errored"),
}


def run_tests(folder: Path, text: str, environment: dict[str, str]) -> str:
    """Run pytest with the recipe's conftest in a folder of its own, and return what it printed."""
    (folder / "conftest.py").write_text(snippets("pytest.md")["conftest"])
    (folder / "test_model.py").write_text(text)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GOVBUS_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-c", os.devnull, str(folder)]
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command,
        env={**own, **path, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def test_each_run_says_what_it_has_shown_and_nothing_ran_is_never_passed(
    intake: IntakeDesk, register: Register, tmp_path: Path
) -> None:
    environment = register("//ci/models", "retail") | {
        "GOVBUS_SUBJECT": "model/retail/churn",
        "GOVBUS_MODEL_VERSION": "7",
    }
    for name, (text, outcome) in RUNS.items():
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        assert f"model/retail/churn version 7: {outcome}; told Govbus" in run_tests(folder, text, environment), name
    accepted = intake.accepted()
    assert [event.json()["outcome"] for event in accepted] == [outcome for _, outcome in RUNS.values()]
    figures = {one["metric"]: one["value"] for one in accepted[1].json()["measurements"]}
    assert figures == {"tests_passed": 1, "tests_failed": 0, "tests_errored": 0, "tests_skipped": 1}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, None),
        ({"GOVBUS_SUBJECT": "model/retail/churn", "GOVBUS_MODEL_VERSION": "7"}, "Govbus was NOT told"),
    ],
)
def test_without_govbus_the_tests_pass_and_it_is_said(
    tmp_path: Path, environment: dict[str, str], said: str | None
) -> None:
    told = run_tests(tmp_path, PASSES, environment)
    assert "1 passed" in told
    assert (said in told) if said else ("Govbus" not in told)
