"""The subject under which a log speaks of itself."""

from functools import lru_cache

from govbus.contracts.subjects import Subject


@lru_cache(maxsize=4)
def log_subject(origin: str) -> str:
    """Return the subject of a log's own events: `log/<origin>`."""
    return str(Subject("log", (origin,)))
