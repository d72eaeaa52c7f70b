"""What the strict parser says of what it refuses."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts import strict_json


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": 1e999}', "not_a_number"),
        (b'"\\ud800"', "lone_surrogate"),
        (b"[" * 33, "nesting_too_deep"),
        (b'"\xff"', "invalid_utf8"),
        (b"{", "invalid_json"),
        (b"9" * 5000, "invalid_json"),
    ],
)
def test_each_kind_of_bad_json_has_a_reason_of_its_own(raw: bytes, reason: str) -> None:
    with pytest.raises(strict_json.InvalidJson) as refused:
        strict_json.parse(raw)
    assert refused.value.reason == reason


def test_a_number_of_too_many_digits_is_refused_without_words_of_the_interpreter() -> None:
    with pytest.raises(strict_json.InvalidJson, match="more digits than are read") as refused:
        strict_json.parse(b"9" * 5000)
    assert "sys." not in refused.value.detail


@given(st.dictionaries(st.text(), st.text()))
def test_an_object_of_strings_is_written_alike_on_the_short_way(texts: dict[str, str]) -> None:
    assert strict_json.dump_sorted_texts(texts) == strict_json.dump_sorted(texts)


@given(st.lists(st.text()))
def test_an_array_of_strings_is_written_alike_on_the_short_way(texts: list[str]) -> None:
    assert strict_json.dump_texts(*texts) == strict_json.dump_sorted(texts)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _read_by(parser: Callable[[bytes], Any], raw: bytes) -> str:
    """Return value and types of what a parser reads, or why it refuses."""
    try:
        return repr(parser(raw))
    except strict_json.InvalidJson as refused:
        return f"{refused.reason}: {refused.detail}"


@given(_VALUES, st.integers(min_value=0, max_value=200), st.sampled_from(b'{}[]",:0e.\\\xff9 '))
def test_the_short_way_reads_every_bytes_as_the_long_way_does(value: Any, place: int, byte: int) -> None:
    written = msgspec.json.encode(value)
    damaged = written[:place] + bytes([byte]) + written[place:]
    for raw in (written, damaged, json.dumps(value).encode("utf-8")):
        assert _read_by(strict_json.parse, raw) == _read_by(strict_json.parse_any, raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"b":{"c":1,"c":2}}',
        b"-0",
        b"1e999",
        b"1E5",
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b"9" * 5000,
        b"[" * 33 + b"]" * 33,
        b'{"a":NaN}',
        b"\xef\xbb\xbf{}",
        b"123456789012345678901234567890",
        b"",
    ],
)
def test_what_only_one_way_might_take_is_read_alike_on_both(raw: bytes) -> None:
    assert _read_by(strict_json.parse, raw) == _read_by(strict_json.parse_any, raw)


@given(_VALUES)
def test_what_is_compared_for_a_digest_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    turned = {"x": value, "a": 1}
    assert strict_json.dump_compared(turned) == strict_json.dump_compared(dict(reversed(turned.items())))
