"""The client of a platform team: emit, gate, verify."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from govbus.contracts.envelope import Event
from govbus.contracts.translog.verification import Verified
from govbus.sdk import emitting, gate
from govbus.sdk.cloudevents import batch
from govbus.sdk.emitting import Result
from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import NotConfigured
from govbus.sdk.gate import Decision, Question
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.trust import trust_in
from govbus.sdk.transport import Transport


class Govbus:
    """One connection to Govbus; close it, or use it as a context manager. Not for several threads at once.

    >>> with Govbus() as govbus:
    ...     govbus.emit(new_event("model.registered", "model/demo/churn", {...}, source="//demo/platform"))
    """

    def __init__(self, endpoints: Endpoints | None = None) -> None:
        """Connect to `endpoints`, or to what the environment or `.govbus/endpoints.json` names."""
        self.endpoints = endpoints or find_endpoints(os.environ, Path.cwd())
        self.transport = Transport(self.endpoints.url)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close all connections."""
        self.transport.close()

    def emit(self, event: Event, *, in_binary_mode: bool = False) -> Result:
        """Say what happened; returns once it is stored. Repeating the same event is a `duplicate`, nothing more.

        Raises:
            Refused: it was rejected; `reason` and `problem` say why.
            Unreachable: unknown whether it was stored: emit the same event again.
        """
        return emitting.send_event(
            self.transport, self.endpoints.source_credential(), event, in_binary_mode=in_binary_mode
        )

    def emit_batch(self, events: Sequence[Event]) -> list[Result]:
        """Say several things in one request; each has a result of its own."""
        return emitting.send(self.transport, self.endpoints.source_credential(), batch(events))

    def gate(
        self, subject: str, version: str, *, environment: str, requested_by: str, after: str | None = None
    ) -> Decision:
        """Ask whether a version may go to an environment; only `Decision.allowed` is a yes.

        Raises:
            Refused: the question cannot be answered as it is.
            Unreachable: no decision; the release must not go on.
        """
        token = self.endpoints.credential("operator", "viewer")
        return gate.ask(self.transport, token, Question(subject, version, environment, requested_by, after))

    def log(self) -> LogReader:
        """Return the reader of the audit log."""
        return LogReader(self.transport, self.endpoints.credential("viewer", "operator", "auditor"))

    def verify(self, index: int, *, vkey: str | None = None) -> Verified:
        """Return what the log proves of its entry `index`, believing only the pinned key.

        Raises:
            NotProved: it does not prove it.
            NotConfigured: no key is pinned.
        """
        key = vkey or self.endpoints.log_vkey
        if key is None:
            raise NotConfigured("No key of the log is known here: pass `vkey`, or set GOVBUS_LOG_VKEY.")
        return self.log().verify_entry(index, trust_in([key]))
