"""The witness: one body in, one answer out; what it answers with 200 is on disk."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.audit_log.witness.judging import KnownLogs, NotCosigned, TwoHistories, advance, read_request
from govbus.audit_log.witness.state import WitnessState
from govbus.contracts.translog.add_checkpoint import SIZE_MEDIA_TYPE
from govbus.contracts.translog.cosignature import cosign
from govbus.contracts.translog.note import parse_note
from govbus.contracts.translog.vkey import COSIGNATURE, VerificationKey

_log: Final = logging.getLogger(__name__)
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body, media type."""

    status: HTTPStatus
    body: str
    media_type: str = _TEXT


class Witness:
    """One name and key; any number of logs."""

    def __init__(
        self,
        name: str,
        private_key: Ed25519PrivateKey,
        logs: KnownLogs,
        state: WitnessState,
        clock_seconds: Callable[[], float],
    ) -> None:
        """Cosign as `name` what the known logs sign."""
        self._name = name
        self._private_key = private_key
        self._logs = logs
        self._state = state
        self._clock_seconds = clock_seconds

    @property
    def key(self) -> VerificationKey:
        """The public half."""
        return VerificationKey(self._name, COSIGNATURE, self._private_key.public_key().public_bytes_raw())

    def answer(self, body: bytes) -> Answer:
        """Return the answer to an add-checkpoint request; may be called by any thread."""
        try:
            asked = read_request(body, self._logs)
        except NotCosigned as refused:
            return _refusal(refused)
        origin = asked.checkpoint.origin
        try:
            self._state.advance(origin, lambda last: advance(asked, last))
        except TwoHistories as refused:
            _log.critical("%s signed two histories: %s", origin, refused.detail)
            self._state.keep_conviction(origin, asked.request.checkpoint, refused)
            return _refusal(refused)
        except NotCosigned as refused:
            return _refusal(refused)
        text = parse_note(asked.request.checkpoint).text
        return Answer(HTTPStatus.OK, str(cosign(self._name, self._private_key, text, int(self._clock_seconds()))))


def _refusal(refused: NotCosigned) -> Answer:
    if refused.size is not None:
        return Answer(refused.status, f"{refused.size}\n", SIZE_MEDIA_TYPE)
    return Answer(refused.status, f"{refused.detail}\n")
