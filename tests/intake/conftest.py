"""Fixtures of intake's tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from intake.desk import Desk, open_desk


@pytest.fixture
async def desk(service_database: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Desk]:
    """An intake on a fresh database."""
    async with open_desk(service_database("intake"), tmp_path) as opened:
        yield opened
