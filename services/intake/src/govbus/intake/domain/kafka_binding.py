"""CloudEvents on Kafka: binary mode by `ce_` headers, structured mode by content-type.

Source: CloudEvents Kafka protocol binding 1.0.2, sections 3.2 and 3.3.
"""

from collections.abc import Sequence
from typing import Final

from govbus.contracts.envelope import STRUCTURED_CONTENT_TYPE
from govbus.intake.domain import attributes as naming
from govbus.intake.domain.json_format import read_structured
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Said

PREFIX: Final = "ce_"
Headers = Sequence[tuple[str, bytes | None]]


def read(headers: Headers, value: bytes | None) -> Said:
    """Return the event of one record; the record's key is not looked at, since anybody may set it.

    Raises:
        Refused: `undecodable` without any sign of a CloudEvent, `bad_headers`, or what structured mode refuses.
    """
    texts = decode_headers(headers)
    content_type = texts.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == STRUCTURED_CONTENT_TYPE:
        return read_structured(value or b"")
    attributes: dict[str, str] = {}
    for header, text in texts.items():
        if header.startswith(PREFIX):
            name = header.removeprefix(PREFIX)
            naming.check_name(name, "bad_headers")
            if name == "datacontenttype":
                raise Refused("bad_headers", "datacontenttype travels as the content-type header in binary mode")
            if naming.is_said(name, text):
                attributes[name] = text
    if not attributes:
        raise Refused("undecodable", "neither ce_ headers nor content-type application/cloudevents+json")
    if "traceparent" in texts:
        attributes.setdefault("traceparent", texts["traceparent"])
    if content_type:
        attributes["datacontenttype"] = content_type
    return Said(attributes, value or b"")


def decode_headers(headers: Headers) -> dict[str, str]:
    """Return the headers as text.

    Raises:
        Refused: `bad_headers` for bytes that are not UTF-8, or a CloudEvents header given twice.
    """
    texts: dict[str, str] = {}
    for name, raw in headers:
        relevant = name.startswith(PREFIX) or name == "content-type"
        if relevant and name in texts:
            raise Refused("bad_headers", f"header {name[:40]!r} is given twice")
        try:
            texts[name] = (raw or b"").decode("utf-8")
        except UnicodeDecodeError:
            if relevant:
                raise Refused("bad_headers", f"header {name[:40]!r} is not UTF-8") from None
    return texts
