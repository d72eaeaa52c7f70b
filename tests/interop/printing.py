"""Prints the table of the samples at the end of a run; with several workers each hands over what it tallied."""

from collections import Counter
from dataclasses import asdict
from typing import Any, Final

import pytest

from interop.table import Tally, table

TALLIES: Final = pytest.StashKey[dict[str, Tally]]()
_HANDED_OVER: Final = "govbus_tallies"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the worker's tallies over, as plain values."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        tallies = session.config.stash.get(TALLIES, {})
        output[_HANDED_OVER] = {
            platform: asdict(tally) | {"reasons": dict(tally.reasons)} for platform, tally in tallies.items()
        }


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take a worker's tallies: all files of the samples are one worker's, so none is counted twice."""
    tallies = node.config.stash.setdefault(TALLIES, {})
    for platform, counts in getattr(node, "workeroutput", {}).get(_HANDED_OVER, {}).items():
        tallies[platform] = Tally(**{**counts, "reasons": Counter(counts["reasons"])})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    tallies = config.stash.get(TALLIES, {})
    if tallies:
        terminalreporter.section("samples")
        for line in table(tallies):
            terminalreporter.write_line(line)
