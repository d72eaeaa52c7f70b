"""What the strict parser says of what it refuses."""

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
