"""The recipe's callbacks, given a context of the shape that Airflow gives; Airflow itself is not run."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recipes.conftest import Register
from recipes.snippets import snippets
from sdk.desk import IntakeDesk

ENDED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def callbacks(register: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The module beside the DAGs, in a worker's environment."""
    for name, value in register("//airflow/prod", "retail").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    module: dict[str, Any] = {}
    exec(compile(snippets("airflow.md")["govbus_callbacks"], "govbus_callbacks.py", "exec"), module)  # noqa: S102
    return module


def context(task_id: str, pushed: dict[str, str], try_number: int = 1) -> dict[str, Any]:
    """Return what Airflow hands to a callback, as far as the recipe reads it."""
    task = SimpleNamespace(
        dag_id="churn",
        task_id=task_id,
        map_index=-1,
        try_number=try_number,
        end_date=ENDED,
        xcom_pull=lambda task_ids, key: pushed.get(key) if task_ids == task_id else None,
    )
    params = {"subject": "model/retail/churn", "version": "7", "kind": "performance"}
    return {"task_instance": task, "run_id": "scheduled__2026-11-23", "params": params}


def test_callbacks_say_once_what_a_task_has_done(intake: IntakeDesk, callbacks: dict[str, Any]) -> None:
    trained = context("train", {"model_version": "7", "artifact_uri": "s3://models/churn/7"})
    callbacks["version_trained"](trained)
    callbacks["version_trained"](trained)
    callbacks["validation_ended"](context("validate", {"outcome": "failed"}))
    callbacks["validation_ended"](context("validate", {}, try_number=2))
    callbacks["validation_broke"](context("validate", {}, try_number=3))
    version, *validations = intake.accepted()
    assert version.id == "churn/scheduled__2026-11-23/train/-1/1"
    assert (version.json()["artifact_uri"], version.time) == ("s3://models/churn/7", ENDED)
    assert [event.json()["outcome"] for event in validations] == ["failed", "nothing_ran", "errored"]
