"""What installing and importing the SDK costs a platform team."""

import subprocess
import sys
import tomllib

import pytest

from backends.running import CHECKOUT

DEPENDENCIES_COUNT = 5


def test_it_has_at_most_five_direct_dependencies() -> None:
    project = tomllib.loads((CHECKOUT / "sdk" / "pyproject.toml").read_text())["project"]
    assert 0 < len(project["dependencies"]) <= DEPENDENCIES_COUNT
    assert set(project["optional-dependencies"]) == {"kafka", "parquet"}, "what reading a topic or a Parquet file needs"


@pytest.mark.parametrize(
    "module", ["cyclopts", "rich", "pydantic", "opentelemetry", "pyarrow", "confluent_kafka", "govbus.sdk.cli"]
)
def test_importing_it_leaves_out_what_emitting_does_not_need(module: str) -> None:
    statement = f"import sys, govbus.sdk; print({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
