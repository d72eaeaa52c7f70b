"""The decoder of front matter: what stands between the lines of dashes, and the text below."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.intake.domain.decoders import front_matter
from govbus.intake.domain.refusals import Refused


def decoded(raw: bytes) -> Any:
    """Return what the decoder makes of the bytes."""
    return front_matter.decode(raw, {})


def reason(raw: bytes, **options: Any) -> str:
    """Return the reason for which the bytes are refused."""
    with pytest.raises(Refused) as refused:
        front_matter.decode(raw, options)
    return refused.value.reason


def test_a_template_that_nobody_filled_in_is_refused_and_does_not_raise() -> None:
    assert reason(b"---\n{{ card_data }}\n---\n# X\n") == "undecodable"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_members_and_text_are_taken_apart(line_end: str) -> None:
    raw = line_end.join(["---", "license: mit", "tags: [à]", "---", "# X", "", "---", "rest"])
    assert decoded(raw.encode()) == {
        "front": {"license": "mit", "tags": ["à"]},
        "text": line_end.join(["# X", "", "---", "rest"]),
    }


@pytest.mark.parametrize("raw", [b"# X", b"", b"----\nx\n---\n", b" ---\nx\n---\n", b"text\n---\na: 1\n---\n"])
def test_a_text_that_does_not_begin_with_a_block_has_none(raw: bytes) -> None:
    assert decoded(raw) == {"front": {}, "text": raw.decode()}


@pytest.mark.parametrize("raw", [b"---\n---\n# X", b"---\n\n---\n# X", b"---\n# only a comment\n---\n# X"])
def test_a_block_may_be_empty(raw: bytes) -> None:
    assert decoded(raw) == {"front": {}, "text": "# X"}


def test_dates_are_texts_and_a_byte_order_mark_is_none() -> None:
    assert decoded(b"\xef\xbb\xbf---\nsince: 2026-11-23\n---") == {"front": {"since": "2026-11-23"}, "text": ""}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"---\na: 1\n", "undecodable"),
        (b"---\n- a\n---\n", "undecodable"),
        (b"---\na: [\n---\n", "undecodable"),
        (b"---\na: &x 1\nb: *x\n---\n", "undecodable"),
        (b"---\na: !!python/object:os.system x\n---\n", "undecodable"),
        (b"---\na: 1\na: 2\n---\n", "duplicate_key"),
        (b"---\na: .nan\n---\n", "not_a_number"),
        (b"---\na: " + b"[" * 40 + b"]" * 40 + b"\n---\n", "nesting_too_deep"),
        (b"\xff", "invalid_utf8"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


@given(st.binary(max_size=400).map(lambda body: b"---\n" + body))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    try:
        found = decoded(raw)
    except Refused:
        return
    assert isinstance(found["front"], dict)
    assert isinstance(found["text"], str)
