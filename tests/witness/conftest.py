"""Fixtures of the witness's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govbus.audit_log.witness.state import WitnessState


@pytest.fixture
def state(tmp_path: Path) -> Iterator[WitnessState]:
    """A witness's memory, empty."""
    made = WitnessState(tmp_path / "witness.sqlite")
    yield made
    made.close()
