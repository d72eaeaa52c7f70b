"""Fixtures of the audit log's tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from audit_log.desk import Desk, settings


@pytest.fixture
def log_dsn(service_database: Callable[[str], str]) -> str:
    """A migrated database of the log's own; the runtime role's URL."""
    return service_database("audit_log")


@pytest.fixture
async def desk(log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A log that was compared with its (absent) copies and may go on."""
    made = Desk(settings(log_dsn, tmp_path))
    await made.sign()
    yield made
    await made.close()
