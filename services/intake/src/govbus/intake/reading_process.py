"""A process that reads records for the one that started it, so that reading does not hold up writing.

It is told requests over its standard input and answers each in order over its standard output; it keeps nothing, and
ends when its input does, however its parent ended.
"""

import gc
import signal
import sys
from datetime import datetime
from typing import BinaryIO, Final

import msgspec

from govbus.eventing.records import Headers
from govbus.intake.domain.source import Source
from govbus.intake.plain_facts import Plain, read_plain

LENGTH_BYTES: Final = 4
"""Each message is preceded by its length, big-endian."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """Records of one platform, to be read as they would be at `now`."""

    source: Source
    now: datetime
    traceparent: str | None
    records: list[tuple[Headers, bytes | None]]


_ENCODER: Final = msgspec.msgpack.Encoder()
_REQUEST: Final = msgspec.msgpack.Decoder(Request)
_ANSWER: Final = msgspec.msgpack.Decoder(list[Plain | None])


def packed(message: Request | list[Plain | None]) -> bytes:
    """Return a message as it travels, its length before it."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(LENGTH_BYTES) + body


def answer_of(body: bytes) -> list[Plain | None]:
    """Return the plain facts that a process answered."""
    return _ANSWER.decode(body)


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer every request until there are no more."""
    while len(length := incoming.read(LENGTH_BYTES)) == LENGTH_BYTES:
        request = _REQUEST.decode(incoming.read(int.from_bytes(length)))
        plain = read_plain(request.records, request.source, request.now, request.traceparent)
        outgoing.write(packed(plain))
        outgoing.flush()


if __name__ == "__main__":
    gc.freeze()  # what was imported is not looked through again
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the whole group; the parent's end ends this one
    serve(sys.stdin.buffer, sys.stdout.buffer)
