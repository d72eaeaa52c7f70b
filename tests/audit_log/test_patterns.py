"""Patterns of searches, and the words of a payload."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.audit_log.domain.patterns import after_all_with, fixed_beginning, matches, subject_prefix
from govbus.audit_log.domain.words import TEXT_CHARACTERS, searchable_text

SHORT = st.text(alphabet="ab*", max_size=8)


@given(SHORT, st.text(alphabet="ab", max_size=10))
def test_a_glob_matches_what_the_regular_expression_of_it_matches(glob: str, text: str) -> None:
    assert matches(glob, text) == bool(re.fullmatch(glob.replace("*", ".*"), text))
    assert not matches(glob, text) or text.startswith(fixed_beginning(glob))


def test_a_glob_of_many_stars_is_matched_in_one_pass() -> None:
    assert not matches("*a" * 400, "a" * 399)
    assert matches("*a" * 400, "a" * 400)
    assert not fnmatch.fnmatchcase("a[b]", "a[b]")
    assert matches("a[b]", "a[b]"), "only the star means something"


@given(st.text(min_size=1, max_size=4), st.text(max_size=4))
def test_what_is_behind_a_prefix_is_behind_every_text_with_it(prefix: str, rest: str) -> None:
    after = after_all_with(prefix)
    assert after is None or prefix + rest < after
    assert after is None or not after.startswith(prefix)


@pytest.mark.parametrize(("prefix", "after"), [("ab", "ac"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("", None)])
def test_the_text_behind_a_prefix_is_the_least(prefix: str, after: str | None) -> None:
    assert after_all_with(prefix) == after
    assert after_all_with("\ud7ff") == "\ue000", "between them PostgreSQL knows no character"


def test_only_a_last_segment_is_a_pattern_of_subjects() -> None:
    assert subject_prefix("model/bank/*") == "model/bank/"
    assert [subject_prefix(text) for text in ("model/bank*", "*", "model/*/x", "")] == [None] * 4


def test_the_texts_of_a_payload_are_searched_and_its_keys_and_numbers_are_not() -> None:
    payload = b'{"metric": "accuracy", "value": 0.97, "notes": ["low\\u0000 recall", {"why": "drift"}], "ok": true}'
    assert searchable_text(payload) == "accuracy\nlow  recall\ndrift"
    assert [searchable_text(raw) for raw in (b"", b"\xff", b"{", b'{"a":1,"a":2}')] == [""] * 4


def test_no_payload_gives_more_words_than_the_limit() -> None:
    assert len(searchable_text(b'["' + b"w " * 20_000 + b'", "late"]')) == TEXT_CHARACTERS
    assert len(searchable_text(b"[" + b'"w",' * 20_000 + b'"late"]')) <= TEXT_CHARACTERS
