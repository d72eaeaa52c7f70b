"""Emitting that never waits for the network: `emit` returns when the event lies in a durable spool on this machine.

A background thread sends what is spooled, in order, and repeats it under the same id until Govbus has answered for it.
Neither a crash of this process, nor of the machine, nor an hour without Govbus loses what `emit` has returned for.

>>> from govbus.sdk import Emitter
>>> with Emitter(source="//demo/platform") as emitter:
...     said = emitter.emit("model.registered", subject="model/demo/churn", data={"purpose": "predict churn"})
...     emitter.flush(timeout_seconds=10).done
True

What Govbus refuses for good (a broken contract, a foreign subject) is kept with the reason, and holds up nothing else:
`govbus spool refused`. While the credential is not accepted or nobody answers, everything waits: `govbus spool status`.
"""

import logging
import os
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from govbus.contracts import strict_json
from govbus.contracts.envelope import JSON_CONTENT_TYPE, SPECVERSION, Event, format_time
from govbus.contracts.identity import fresh_id, identity_digest
from govbus.contracts.limits import EVENT_BYTES
from govbus.sdk.cloudevents import NotAnEvent, spliced, structured, whole_type
from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import SpoolUnusable
from govbus.sdk.spool import living
from govbus.sdk.spool.file import SpoolFile
from govbus.sdk.spool.place import spool_folder, spool_name
from govbus.sdk.spool.rows import Limits, Owner, Said, SpoolStatus
from govbus.sdk.spool.sender import Sender
from govbus.sdk.spool.sending import Sending
from govbus.sdk.trace_context import TraceContext, current_trace
from govbus.sdk.transport import Transport

CLOSE_SECONDS: Final = 5.0
"""How long the end of a program may be held up for sending what waits."""

_POLL_SECONDS: Final = 0.02
_logger: Final = logging.getLogger("govbus.sdk")


class TypedPayload(Protocol):
    """A payload class of the contracts, which checked its fields when it was made."""

    def model_dump(self, *, mode: str, exclude_none: bool) -> dict[str, Any]:
        """Return it as a JSON object."""


@dataclass(frozen=True, slots=True)
class EventId:
    """The identity of an event that was spooled."""

    source: str
    type: str
    id: str

    @property
    def position(self) -> str:
        """What the gate takes as `after`: it then waits until this event was taken into account."""
        return identity_digest(self.source, self.type, self.id).hex()


@dataclass(frozen=True, slots=True)
class Flushed:
    """How many events still wait, and for what."""

    waiting_count: int
    why: str

    @property
    def done(self) -> bool:
        """Whether everything was answered for: taken, or refused and kept."""
        return self.waiting_count == 0


class Emitter:
    """Says what happened through a durable spool. For any number of threads; several processes may share a spool."""

    def __init__(
        self,
        *,
        source: str,
        url: str | None = None,
        token: str | None = None,
        spool: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Open the spool; nothing is sent yet.

        Args:
            source: who says it, a URI that the credential may use: `//ci/prod`.
            url: Govbus's address; else that of the environment or of `.govbus/endpoints.json`.
            token: the source's credential; else that of the environment or of `.govbus/endpoints.json`.
            spool: a file on a local disk; else one per address and source in `GOVBUS_SPOOL`, or in the user's folder.
            limits: how much may wait.

        Raises:
            NotConfigured: it is not known where Govbus is, or who emits.
            SpoolUnusable: the spool cannot be written, or is another source's.
        """
        known = _endpoints(url, token)
        self.source = source
        self._url = known.url
        self._token = token or known.source_credential()
        path = spool or spool_folder(os.environ) / spool_name(self._url, source)
        self._spool = SpoolFile(path, Owner(self._url, source), limits)
        self._sender = Sender(self._sending)
        self._closed = False
        _ = self._spool.owner
        living.watch(self)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def emit(
        self,
        type_: str,
        *,
        subject: str,
        data: Mapping[str, Any] | TypedPayload | None = None,
        id_: str | None = None,
        time: datetime | None = None,
        traceparent: str | None = None,
        dataclassification: str | None = None,
    ) -> EventId:
        """Return once the event would survive a power cut; events of one thread keep their order.

        Args:
            type_: short name of a Govbus type (`model.registered`), or any whole CloudEvents type.
            subject: the governed subject: `model/<namespace>/<name>`.
            data: a payload of `govbus.contracts`, or a mapping that intake holds to the type's contract.
            id_: the event's id when you have one, so that saying it twice counts once; else a fresh one.
            time: when it happened; else now. With an `id_` of yours and no time, intake sets it when it receives the
                event, so that a second run says the same.
            traceparent: W3C trace context; else that of the current OpenTelemetry span, if there is one.
            dataclassification: `public`, `internal` (when absent), `confidential` or `personal`.

        Raises:
            NotAnEvent: it cannot be a CloudEvent, or is larger than 256 KiB.
            SpoolFull: too much waits; this event was not kept.
            SpoolUnusable: the spool cannot be written; this event was not kept.
        """
        trace = TraceContext(traceparent) if traceparent else current_trace()
        stated = time or (None if id_ else datetime.now(UTC))
        attributes = {
            "id": id_ or fresh_id(),
            "source": self.source,
            "type": whole_type(type_),
            "subject": subject,
            "time": _time_text(stated),
            "traceparent": trace.traceparent,
            "tracestate": trace.tracestate,
            "dataclassification": dataclassification,
        }
        return self.append(said_of({name: text for name, text in attributes.items() if text}, data))

    def emit_event(self, event: Event) -> EventId:
        """Spool a whole event, for instance one of `govbus.sdk.typed.event_of`; like `emit`."""
        if len(event.data) > EVENT_BYTES:
            raise _too_large(len(event.data))
        return self.append(Said(event.id, event.source, event.type, event.subject, structured(event).content))

    def append(self, said: Said) -> EventId:
        """Spool an event that was made by `said_of`."""
        if self._closed:
            raise SpoolUnusable("This emitter is closed: the event was not kept.")
        self._spool.append(said)
        self._sender.appended()
        return EventId(said.source, said.type, said.id)

    def flush(self, timeout_seconds: float) -> Flushed:
        """Send what waits now, and wait until it was answered for; returns earlier only when that is done."""
        deadline = clock.monotonic() + timeout_seconds
        newest = self._spool.last_position()
        waits = self._spool.waits(newest)
        if waits:
            self._sender.urge()
        while waits and clock.monotonic() < deadline:
            clock.sleep(min(_POLL_SECONDS, timeout_seconds))
            waits = self._spool.waits(newest)
        return Flushed(self._spool.waiting_count(newest), self._sender.standing.detail) if waits else Flushed(0, "")

    def status(self) -> SpoolStatus:
        """Return what the spool holds, and how sending goes."""
        return self._spool.status()

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> Flushed:
        """Flush, stop and close; what could not be sent stays for the next emitter or `govbus spool send`."""
        if self._closed:
            return Flushed(0, "")
        self._closed = True
        living.forget(self)
        try:
            left = self.flush(timeout_seconds)
        finally:
            self._sender.stop(timeout_seconds)
            self._spool.close()
        if not left.done:
            _logger.warning(
                "%d events wait in %s, none is lost (%s): `govbus spool send` or the next emitter sends them",
                left.waiting_count,
                self._spool.path,
                left.why or "no answer in time",
            )
        return left

    def at_exit(self) -> None:
        """Close, at the end of the interpreter."""
        self.close()

    def before_fork(self) -> None:
        """Hold still, with nothing of SQLite open."""
        self._sender.before_fork()
        self._spool.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._spool.after_fork()
        self._sender.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Go on with a sender of the child's own; the spool is shared."""
        self._spool.after_fork()
        self._sender.after_fork_in_child()

    def _sending(self) -> Sending:
        return Sending(self._spool, Transport(self._url), self._token)


def _endpoints(url: str | None, token: str | None) -> Endpoints:
    """Return where to emit; a credential that belongs to another address than `url` is not among them."""
    if url and token:
        return Endpoints(url.rstrip("/"))
    return find_endpoints({**os.environ, "GOVBUS_URL": url} if url else os.environ, Path.cwd())


def said_of(attributes: Mapping[str, str], data: Mapping[str, Any] | TypedPayload | None) -> Said:
    """Return an event as it is spooled.

    Raises:
        NotAnEvent: no subject, not JSON, or too large.
    """
    if not attributes.get("subject"):
        raise NotAnEvent("the event has no subject: model/<namespace>/<name>")
    stated = {} if data is None else data
    try:
        value = stated if isinstance(stated, Mapping) else stated.model_dump(mode="json", exclude_none=True)
        raw = strict_json.dump(value)
        body = spliced({"specversion": SPECVERSION, "datacontenttype": JSON_CONTENT_TYPE, **attributes}, raw)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotAnEvent(f"it cannot be written as JSON: {error}") from None
    if len(raw) > EVENT_BYTES:
        raise _too_large(len(raw))
    return Said(attributes["id"], attributes["source"], attributes["type"], attributes["subject"], body)


def _too_large(size_bytes: int) -> NotAnEvent:
    return NotAnEvent(
        f"the data have {size_bytes} bytes, at most {EVENT_BYTES} are taken: refer to large things by URI"
    )


def _time_text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise NotAnEvent("`time` needs a zone: datetime.now(UTC)")
    return format_time(moment)
