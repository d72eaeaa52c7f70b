"""The decoder of JSON Lines: a value per line, or one report written over several."""

import json
from typing import Any

import pytest

from govbus.intake.domain.decoders import json_values
from govbus.intake.domain.refusals import Refused


def decoded(raw: bytes) -> Any:
    """Return what the decoder makes of the bytes."""
    return json_values.decode_lines(raw, {})


def test_every_line_is_a_value_and_blank_ones_are_none() -> None:
    assert decoded(b'\xef\xbb\xbf{"a": 1}\n\n  \n[2]\r\nnull\n') == [{"a": 1}, [2], None]
    assert decoded(b"") == []


@pytest.mark.parametrize("indent", [None, 2])
def test_a_report_written_over_several_lines_is_one_value(indent: int | None) -> None:
    report = {"results": {"task": {"acc": 0.5}}, "notes": ["é", "\n"]}
    assert decoded(json.dumps(report, indent=indent).encode()) == [report]
    assert decoded(b"\n" + json.dumps(report, indent=indent).encode() + b"\n") == [report]


def test_a_broken_line_is_named_and_a_broken_report_is_no_line() -> None:
    for raw, line in ((b'{"a": 1}\n{"b": }\n', "line 2"), (b'{\n"a": }\n', "line 1")):
        with pytest.raises(Refused, match=line) as refused:
            decoded(raw)
        assert refused.value.reason == "invalid_json"


def test_keys_that_stand_twice_are_refused_in_lines_and_in_reports() -> None:
    for raw in (b'{"a": 1, "a": 2}\n{}', b'{\n"a": 1,\n"a": 2\n}'):
        with pytest.raises(Refused):
            decoded(raw)
