"""Sending what waits: a round takes the turn and sends in order until nothing waits or something is in the way."""

from collections.abc import Callable, Sequence
from typing import Final

from govbus.contracts.envelope import BATCH_CONTENT_TYPE
from govbus.sdk.emitting import PATH
from govbus.sdk.failures import Refused, Unreachable
from govbus.sdk.spool.file import SpoolFile
from govbus.sdk.spool.judging import UnknownAnswer, Verdict, judge_results, judge_single, means_the_events
from govbus.sdk.spool.rows import CLEAR, Standing, Waiting
from govbus.sdk.spool.turn import Turn
from govbus.sdk.transport import Transport

BATCH_COUNT: Final = 100
"""One transaction of intake."""

BATCH_BYTES: Final = 512 * 1024
"""Below the 1 MiB that proxies take by default; a single event has at most 256 KiB of data."""

ELSEWHERE: Final = Standing("elsewhere", "another process sends from this spool")


class Sending:
    """Sends from one spool over one connection. Events are dropped from the spool only after they were answered for."""

    def __init__(self, spool: SpoolFile, transport: Transport, token: str) -> None:
        """Send with a source's credential."""
        self._spool = spool
        self._transport = transport
        self._token = token
        self._turn = Turn(spool.path)
        self._noted: Standing | None = None
        self._has_sent = False

    def round(self, stops: Callable[[], bool] = lambda: False) -> Standing:
        """Send what waits, if no other process does, and return how it stands; `stops` ends it after a request.

        The first round that finds nothing wipes what earlier ones have sent from the disk.

        Raises:
            SpoolUnusable: the spool cannot be read or written; nothing is lost, sent events may be sent again.
        """
        if not self._spool.last_position():
            if self._has_sent:
                self._spool.wipe()
                self._has_sent = False
            return self._noting(CLEAR)
        with self._turn.taken() as ours:
            return self._noting(self._send_all(stops)) if ours else ELSEWHERE

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def before_fork(self) -> None:
        """Give the turn back: it must not be carried over a fork. What is under way may be sent twice, as one event."""
        self._turn.before_fork()

    def after_fork(self) -> None:
        """Go on, in the parent."""
        self._turn.after_fork()

    def _noting(self, standing: Standing) -> Standing:
        if standing != self._noted:
            self._spool.note(standing)
            self._noted = standing
        return standing

    def _send_all(self, stops: Callable[[], bool]) -> Standing:
        alone_count = 0
        while True:
            sent = self._spool.oldest(1 if alone_count else BATCH_COUNT, BATCH_BYTES)
            if not sent:
                return CLEAR
            try:
                verdict = self._send(sent)
            except Refused as refusal:
                if not means_the_events(refusal):
                    return Standing("waiting", str(refusal), refusal.retry_after_seconds)
                if len(sent) > 1:
                    alone_count = len(sent)
                    continue
                verdict = judge_single(sent[0], refusal)
            except Unreachable as error:
                return Standing("waiting", str(error), error.retry_after_seconds)
            except UnknownAnswer as error:
                return Standing("waiting", str(error))
            self._spool.settle(verdict.taken, verdict.refused)
            self._has_sent = True
            alone_count = max(0, alone_count - 1)
            if verdict.waits_for is not None:
                return Standing("waiting", verdict.waits_for)
            if stops():
                return Standing("waiting", "the emitter was closed")

    def _send(self, sent: Sequence[Waiting]) -> Verdict:
        body = b"[" + b",".join(event.body for event in sent) + b"]"
        headers = {"content-type": BATCH_CONTENT_TYPE}
        answer = self._transport.request("POST", PATH, self._token, content=body, headers=headers)
        return judge_results(sent, answer.document().get("results"))
