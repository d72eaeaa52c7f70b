"""Fixtures of the interop tests: the samples folder, and an intake to send them to."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backends.running import CHECKOUT
from intake.desk import Desk, open_desk
from interop.printing import TALLIES
from interop.table import Tally

SAMPLES = Path(os.environ.get("GOVBUS_SAMPLES", CHECKOUT.parent / "shared" / "samples"))


@pytest.fixture
def samples() -> Path:
    """The samples folder; a test that needs it skips, saying so, where it is absent."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no samples in {SAMPLES}: set GOVBUS_SAMPLES")
    return SAMPLES


@pytest.fixture
async def desk(service_database: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Desk]:
    """An intake on a fresh database."""
    async with open_desk(service_database("intake"), tmp_path) as opened:
        yield opened


@pytest.fixture
def tallies(request: pytest.FixtureRequest) -> dict[str, Tally]:
    """What became of the samples so far, by platform; printed at the end of the run."""
    found: dict[str, Tally] = request.config.stash.setdefault(TALLIES, {})
    return found
