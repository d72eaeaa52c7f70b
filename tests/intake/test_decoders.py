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


def test_a_broken_line_is_named() -> None:
    with pytest.raises(Refused, match="line 2"):
        decoder_of("jsonl").decode(b"1\n{")
