"""Risk refuses to start on a policies folder that it cannot use, and says where it is wrong."""

import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from govbus.eventing.manifest import StartRefused
from govbus.risk.app import build_app
from govbus.risk.settings import Settings
from risk.rules import POLICIES


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("default/evidence.yaml", "v.outcome", "v.outcom", r"evidence.yaml:\d+:\d+: undefined field 'outcom'"),
        ("bounds/values.yaml", "fairness_gap:", "fairness-gap:", "values.yaml: fairness-gap"),
        ("taxonomy.yaml", "version:", "versoin:", "taxonomy.yaml/versoin"),
    ],
)
def test_a_mistake_in_the_policies_folder_refuses_the_start(
    tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    shutil.copytree(POLICIES, tmp_path / "policies")
    broken = tmp_path / "policies" / file
    broken.write_text(broken.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    settings = Settings(
        postgres_url=SecretStr("postgresql+asyncpg://nobody@/nothing"),
        kafka_bootstrap_servers="localhost:1",
        risk_policies_directory=tmp_path / "policies",
    )
    with pytest.raises(StartRefused, match=says):
        build_app(settings)
