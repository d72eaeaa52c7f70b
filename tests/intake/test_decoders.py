"""Decoders of formats that have no test file of their own: JSON Lines, YAML, text."""

from typing import Any

import pytest

from govbus.intake.domain.decoding import decoder_of
from govbus.intake.domain.refusals import Refused


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("jsonl", b'{"a": 1}\n\n[2]\r\n', [{"a": 1}, [2]]),
        ("jsonl", b'\xef\xbb\xbf{"a": 1}', [{"a": 1}]),
        ("yaml", b"a: 1\nb: [x, 2024-01-02]\n", {"a": 1, "b": ["x", "2024-01-02"]}),
        ("yaml", b"2: x\ntrue: y\n", {"2": "x", "true": "y"}),
        ("bytes", "é\n".encode(), {"text": "é\n"}),
    ],
)
def test_a_decoder_gives_plain_values(name: str, raw: bytes, expected: Any) -> None:
    assert decoder_of(name).decode(raw) == expected


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("json", b'{"a": 1, "a": 2}', "duplicate_key"),
        ("jsonl", b'{"a": 1}\n{"a": NaN}', "not_a_number"),
        ("jsonl", b'{"a": 1}\n{', "invalid_json"),
        ("jsonl", b"0\n" * 100_001, "too_large"),
        ("yaml", b"a: 1\na: 2", "duplicate_key"),
        ("yaml", b"1: x\ntrue: y\n", "duplicate_key"),
        ("yaml", b"a: &x [1]\nb: *x", "undecodable"),
        ("yaml", b"a: .nan", "not_a_number"),
        ("yaml", b"[" * 40 + b"]" * 40, "nesting_too_deep"),
        ("yaml", b"a: !!python/object/apply:os.system [x]", "undecodable"),
        ("yaml", b"\xff", "invalid_utf8"),
        ("bytes", b"\xff", "invalid_utf8"),
    ],
)
def test_what_is_not_of_the_format_is_refused_with_its_reason(name: str, raw: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decoder_of(name).decode(raw)
    assert refused.value.reason == reason


FORM = {"json": {"form_field": "payload"}}


@pytest.mark.parametrize(
    "raw", [b'{"a": "\xc3\xa9"}', b"payload=%7B%22a%22%3A+%22%C3%A9%22%7D", b"payload=%7B%22a%22:%22%C3%A9%22}&x=1"]
)
def test_json_comes_as_it_is_or_in_the_field_of_a_form(raw: bytes) -> None:
    assert decoder_of(FORM).decode(raw) == {"a": "é"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"payload=%7B%7D&payload=%7B%7D", "undecodable"),
        (b"payload=%FF", "undecodable"),
        (b"payload=\xff", "undecodable"),
        (b"payload=" + b"&a=1" * 200, "undecodable"),
        (b"payload=%7B%22a%22:1,%22a%22:2%7D", "duplicate_key"),
        (b"other=%7B%7D", "invalid_json"),
    ],
)
def test_a_form_that_does_not_hold_one_json_value_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decoder_of(FORM).decode(raw)
    assert refused.value.reason == reason


def test_a_broken_line_is_named() -> None:
    with pytest.raises(Refused, match="line 2"):
        decoder_of("jsonl").decode(b"1\n{")
