"""The decoders a mapping may name, and one with its options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from govbus.intake.domain.decoders import csv, dsse, front_matter, json_values, texts, yaml_values
from govbus.intake.domain.refusals import Refused

_TRIALS: Final = (b"", b"a,b\n1,2\n")

Decode = Callable[[bytes, Mapping[str, Any]], Any]

DECODERS: Final[Mapping[str, Decode]] = MappingProxyType(
    {
        "json": json_values.decode,
        "jsonl": json_values.decode_lines,
        "csv": csv.decode,
        "yaml": yaml_values.decode,
        "front_matter": front_matter.decode,
        "dsse": dsse.decode,
        "bytes": texts.decode,
    }
)
"""Decoders are code, mappings are not: each is named here once it exists."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoder and its options."""

    name: str = "json"
    options: Mapping[str, Any] = field(default_factory=dict)

    def decode(self, raw: bytes) -> Any:
        """Return what the bytes hold.

        Raises:
            Refused: they are not of this format; the reason says in which way.
        """
        return DECODERS[self.name](raw, self.options)


def decoder_of(document: Any) -> Decoder:
    """Return the decoder that a mapping file names: its name, or `{name: {option: …}}`.

    Raises:
        ValueError: no such decoder, or options that it cannot use.
    """
    if isinstance(document, dict) and len(document) == 1:
        ((name, options),) = document.items()
    else:
        name, options = document, None
    if name not in DECODERS or not isinstance(options, dict | None):
        raise ValueError(f"decoder {document!r} is none of {', '.join(DECODERS)}")
    found = Decoder(name, options or {})
    _try(found)
    return found


def _try(decoder: Decoder) -> None:
    """Let a decoder meet its options when the file is read, not at the first delivery."""
    for raw in _TRIALS:
        try:
            decoder.decode(raw)
        except Refused:
            continue
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"decoder {decoder.name}: its options cannot be used: {error}") from None
