"""Texts that begin with a block of YAML between lines of `---`: model cards, data-set cards, pages of site generators.

Source: Hugging Face, "Model Cards", metadata UI; Jekyll, "Front Matter".
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from govbus.intake.domain.decoders import texts, yaml_values
from govbus.intake.domain.refusals import Refused

_FRONT: Final = re.compile(r"\A-{3}[ \t]*\r?\n(?P<yaml>.*?)(?:(?<=\n)|\r?\n)-{3}[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_BEGINS: Final = re.compile(r"\A-{3}[ \t]*\r?\n")


def decode(raw: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"front": {…}, "text": …}`; a text without such a block has an empty `front`. There are no options.

    Raises:
        Refused: `invalid_utf8`; the block does not end, or holds anything but members (`undecodable`); the YAML
            decoder's own reasons.
    """
    text = texts.decode(raw, options)["text"]
    if not _BEGINS.match(text):
        return {"front": {}, "text": text}
    found = _FRONT.match(text)
    if found is None:
        raise Refused("undecodable", "the front matter that begins on line 1 ends nowhere: a line of --- is missing")
    front = yaml_values.decode(found["yaml"].encode(), {})
    if front is not None and not isinstance(front, dict):
        raise Refused("undecodable", f"the front matter is a {type(front).__name__}, not members with values")
    return {"front": front or {}, "text": text[found.end() :]}
