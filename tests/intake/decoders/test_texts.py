"""The decoder `bytes`: text as it is, and what becomes of bytes that are none."""

from typing import Any

import pytest

from govbus.intake.domain.decoders.texts import decode
from govbus.intake.domain.refusals import Refused


def test_text_is_handed_on_whole() -> None:
    assert decode("\ufeffé\n".encode(), {}) == {"text": "é\n"}


def test_bytes_that_are_no_text_are_refused_unless_the_file_lets_them_be_replaced() -> None:
    with pytest.raises(Refused) as refused:
        decode(b"a\xff", {})
    assert refused.value.reason == "invalid_utf8"
    assert decode(b"a\xff", {"invalid": "replace"}) == {"text": "a\ufffd"}


@pytest.mark.parametrize("options", [{"invalid": "ignore"}, {"encoding": "cp1252"}])
def test_options_that_it_does_not_have_are_a_mistake_in_the_file(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"invalid|option"):
        decode(b"", options)
