"""What intake refuses as somebody's decision is exactly what contracts declare as conclusions."""

from fnmatch import fnmatchcase

import pytest

from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.intake.domain import placing

CONCLUSIONS = [declared for declared in TYPES if not declared.is_fact]


def is_refused(name: str) -> bool:
    """Return whether intake takes a type of this name for a conclusion."""
    return any(fnmatchcase(name, glob) for glob in placing._CONCLUSIONS)


@pytest.mark.parametrize("declared", CONCLUSIONS, ids=lambda declared: declared.name)
def test_a_declared_conclusion_is_refused_by_name(declared: EventType) -> None:
    assert is_refused(declared.name)


@pytest.mark.parametrize("declared", [one for one in TYPES if one.is_fact], ids=lambda declared: declared.name)
def test_a_fact_is_not_refused_by_name(declared: EventType) -> None:
    assert not is_refused(declared.name)


@pytest.mark.parametrize("glob", placing._CONCLUSIONS)
def test_every_refused_name_belongs_to_a_declared_conclusion(glob: str) -> None:
    assert [declared.name for declared in CONCLUSIONS if fnmatchcase(declared.name, glob)]
