"""Every mapping writes what contracts know: readers drop any other member, and nobody is told."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from govbus.contracts import all_events, catalogue, types
from govbus.intake.domain.expressions import Expression
from govbus.intake.domain.mapping import FactTemplate
from govbus.intake.installed_mappings import DELIVERED
from intake.mappings.reading import installed

DECLARED = (all_events.facts, all_events.conclusions)


def templates(name: str) -> Iterator[FactTemplate]:
    """Return every fact that a mapping may yield."""
    for rule in installed(name).rules:
        yield from rule.facts
        if rule.inner is not None and rule.inner.otherwise is not None:
            yield rule.inner.otherwise


@pytest.mark.parametrize("name", sorted(path.stem for path in DELIVERED.glob("*.yaml")))
def test_no_mapping_writes_a_member_that_no_reader_sees(name: str) -> None:
    found = list(templates(name))
    assert found
    for template in found:
        declared = catalogue.find(types.full_name(template.type))
        assert declared is not None, template.type
        assert isinstance(template.data, dict)
        unknown = {key.removesuffix("?") for key in template.data} - set(declared.payload.model_fields)
        assert not unknown, f"{template.type}: {sorted(unknown)}"


def mentioned(value: Any) -> Iterator[str]:
    """Return every definition that expressions in a mapping mention."""
    if isinstance(value, Expression):
        yield from value.uses
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from mentioned(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from mentioned(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from mentioned(getattr(value, field.name))


@pytest.mark.parametrize("name", sorted(path.stem for path in DELIVERED.glob("*.yaml")))
def test_every_definition_that_is_mentioned_is_there(name: str) -> None:
    reading = installed(name)
    defined = set(reading.define).union(*(template.define for template in templates(name)))
    assert not set(mentioned(reading)) - defined, "an optional member of no value is left out, and nobody is told"
