"""Spreads the files of the suite over several workers; everything that starts whole stacks goes to one, first."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_WHOLE_STACKS: Final = "tests/system/"


class _Spreading(LoadScopeScheduling):  # type: ignore[misc]
    """A file is a unit; two stacks at once would want the same ports and the whole machine."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _WHOLE_STACKS if file.startswith(_WHOLE_STACKS) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Spread so where files are to stay together: xdist's own groups do not work under pytest 9.2."""
    return _Spreading(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest: the other workers do the rest meanwhile."""
    items.sort(key=lambda item: item.nodeid.startswith(_WHOLE_STACKS), reverse=True)
