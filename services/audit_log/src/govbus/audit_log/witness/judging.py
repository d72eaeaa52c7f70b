"""Whether a checkpoint may be cosigned: its log is known, its key signed it, and it continues what was cosigned last.

Pure: what was cosigned last is an argument.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from govbus.contracts.translog.add_checkpoint import AddCheckpoint, RequestMalformed, parse_add_checkpoint
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from govbus.contracts.translog.merkle import EMPTY_ROOT
from govbus.contracts.translog.note import NoteRejected, parse_note
from govbus.contracts.translog.paths import ProofRejected, verify_consistency
from govbus.contracts.translog.vkey import VerificationKey

_SIZE_END: Final = 2**63

KnownLogs = Mapping[str, Sequence[VerificationKey]]
"""The keys of each log, by its origin."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The newest tree of a log that was cosigned; of a log never seen, the empty tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose checkpoint a known log signed."""

    request: AddCheckpoint
    checkpoint: Checkpoint


class NotCosigned(Exception):
    """A request that is refused.

    Attributes:
        status: 400, 403, 404, 409 or 422, as the source says.
        size: with 409, the size that was cosigned last.
    """

    def __init__(self, status: HTTPStatus, detail: str, *, size: int | None = None) -> None:
        """Keep status, sentence and size."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.size = size


class TwoHistories(NotCosigned):
    """The log signed two roots for one size: both notes together convict it."""


def read_request(raw: bytes, logs: KnownLogs) -> Asked:
    """Return the request if a log known here signed its checkpoint.

    Raises:
        NotCosigned: 400 malformed, 404 another log, 403 another key.
    """
    try:
        request = parse_add_checkpoint(raw)
        checkpoint = parse_checkpoint(parse_note(request.checkpoint).text)
    except (RequestMalformed, NoteRejected) as error:
        raise NotCosigned(HTTPStatus.BAD_REQUEST, str(error)) from None
    keys = logs.get(checkpoint.origin)
    if not keys:
        raise NotCosigned(HTTPStatus.NOT_FOUND, f"the log {checkpoint.origin[:80]!r} is not known here")
    try:
        open_checkpoint(request.checkpoint, keys)
    except NoteRejected as error:
        raise NotCosigned(HTTPStatus.FORBIDDEN, str(error)) from None
    if checkpoint.size >= _SIZE_END:
        raise NotCosigned(HTTPStatus.BAD_REQUEST, f"size {checkpoint.size} does not fit in 63 bits")
    if request.old_size > checkpoint.size:
        raise NotCosigned(HTTPStatus.BAD_REQUEST, f"old size {request.old_size} is above size {checkpoint.size}")
    return Asked(request, checkpoint)


def advance(asked: Asked, last: Cosigned) -> Cosigned:
    """Return what is cosigned now, given what was cosigned last.

    Raises:
        NotCosigned: 409 another old size or root, 422 no proof that the tree continues the last one.
    """
    new, old_size = asked.checkpoint, asked.request.old_size
    if old_size != last.size:
        raise NotCosigned(HTTPStatus.CONFLICT, f"size {last.size} was cosigned last", size=last.size)
    if new.size == last.size and new.root != last.root:
        raise TwoHistories(HTTPStatus.CONFLICT, f"another root was cosigned for size {last.size}", size=last.size)
    try:
        verify_consistency(old_size, new.size, asked.request.proof, last.root, new.root)
    except ProofRejected as error:
        raise NotCosigned(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    return Cosigned(new.size, new.root, asked.request.checkpoint)
