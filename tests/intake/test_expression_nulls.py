"""Null in results of expressions: Python must still have its `None` afterwards."""

import sys

import pytest

from govbus.intake.domain.expressions import Scope, compiled

_EVALUATIONS_COUNT = 2000
_NOISE_COUNT = 200
"""References to None that come and go with everything else."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body.?missing.orValue(null)", None),
        ("[body.empty, {'a': null}]", [None, {"a": None}]),
        ("capture('a', 'b')", None),
        ("present([null])", [None]),
    ],
)
def test_a_null_result_takes_no_reference_to_none_away(text: str, expected: object) -> None:
    expression = compiled(text)
    before = sys.getrefcount(None)
    found = [expression.value(Scope({"body": {"empty": None}})) == expected for _ in range(_EVALUATIONS_COUNT)]
    assert all(found)
    assert sys.getrefcount(None) > before - _NOISE_COUNT
