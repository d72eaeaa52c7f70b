"""Mapping files: one's own beside the delivered ones, read again when they change."""

import os
from pathlib import Path

import pytest

from govbus.intake.domain.mapping_file import MappingInvalid
from govbus.intake.installed_mappings import DELIVERED, InstalledMappings

FILE = """
name: acme
version: "{version}"
time: context.time
rules:
  - type: platform.reported
    subject: {{external: body.id}}
    data: {{platform: "'acme'", kind: body.kind, payload_sha256: raw.sha256}}
"""


def write(folder: Path, name: str, text: str) -> None:
    """Write a file so that its time of change differs from any before."""
    path = folder / name
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


async def test_a_new_file_is_installed_a_changed_one_replaced_and_a_removed_one_gone(tmp_path: Path) -> None:
    mappings = InstalledMappings(DELIVERED, tmp_path / "own")
    assert "acme" not in mappings
    (tmp_path / "own").mkdir()
    write(tmp_path / "own", "acme.yaml", FILE.format(version=1))
    await mappings.reload()
    first = mappings["acme"]
    write(tmp_path / "own", "acme.yaml", FILE.format(version=2))
    await mappings.reload()
    assert (first.version, mappings["acme"].version) == ("1", "2")
    (tmp_path / "own" / "acme.yaml").unlink()
    await mappings.reload()
    assert "acme" not in mappings
    assert "mlflow" in mappings


async def test_a_broken_file_keeps_the_last_good_state_and_is_said(tmp_path: Path) -> None:
    write(tmp_path, "acme.yaml", FILE.format(version=1))
    mappings = InstalledMappings(DELIVERED, tmp_path)
    write(tmp_path, "acme.yaml", "name: [")
    write(tmp_path, "other.yaml", "name: other")
    await mappings.reload()
    assert mappings["acme"].version == "1"
    assert set(mappings.refused) == {"acme.yaml", "other.yaml"}
    assert "is missing" in mappings.refused["other.yaml"]
    write(tmp_path, "acme.yaml", FILE.format(version=3))
    await mappings.reload()
    assert (mappings["acme"].version, set(mappings.refused)) == ("3", {"other.yaml"})


def test_ones_own_file_takes_the_place_of_a_delivered_one(tmp_path: Path) -> None:
    write(tmp_path, "mlflow.yaml", FILE.replace("acme", "mlflow").format(version="mine"))
    assert InstalledMappings(DELIVERED, tmp_path)["mlflow"].version == "mine"


def test_a_broken_delivered_file_stops_the_start(tmp_path: Path) -> None:
    write(tmp_path, "broken.yaml", "name: [")
    with pytest.raises(MappingInvalid, match=r"broken\.yaml"):
        InstalledMappings(tmp_path, None)
