"""`govbus emit`: say what happened."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from govbus.contracts import strict_json
from govbus.sdk import emitting
from govbus.sdk.cli.output import say, say_error, say_json
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Options, session
from govbus.sdk.cloudevents import NotAnEvent, Sendable, new_event, read_document, structured
from govbus.sdk.emitting import Result
from govbus.sdk.failures import Unreachable
from govbus.sdk.transport import Transport

_SHOWN_BYTES = 4096
LOCAL_SOURCE = "//demo/platform"
"""What the source `demo` of a local stack may call itself."""


def emit(
    file: str | None = None,
    /,
    *,
    type_: Annotated[str | None, Parameter(name="--type")] = None,
    subject: str = "",
    data: str = "{}",
    source: Annotated[str, Parameter(env_var="GOVBUS_SOURCE")] = LOCAL_SOURCE,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    time: datetime | None = None,
    source_token: str | None = None,
    options: Options = DEFAULT,
) -> int:
    """Send CloudEvents; prints what became of each and its position, which `govbus gate --after` takes.

    Parameters
    ----------
    file
        A CloudEvent or a batch in the JSON format, or - for standard input. A missing id is made.
    type_
        Instead of FILE: the type, whole or short (`model.registered`).
    subject
        Governed subject: model/<namespace>/<name>.
    data
        JSON, or @FILE.
    source
        Who says it: a URI that the credential may use.
    id_
        The event's id. Sent again with the same id, time and data it counts once; with others it is refused.
    time
        When it happened, with zone; when absent, intake says when it received it.
    source_token
        The source's credential. GOVBUS_SOURCE_TOKEN is the better place: arguments stand in the list of processes.
    """
    if (file is None) == (type_ is None):
        raise NotAnEvent("give either a FILE (or -), or --type with --subject and --data")
    if type_ is None:
        body = read_document(sys.stdin.buffer.read() if file == "-" else Path(str(file)).read_bytes())
    else:
        body = _described(type_, subject, data, source, id_, time)
    with session(options) as opened:
        known = source_token or (opened.token() if options.role else opened.endpoints.source_credential())
        results = _send(opened.transport, known, body)
    _tell(results, body, options)
    return REFUSED if any(result.status == "rejected" for result in results) else OK


def _described(type_: str, subject: str, data: str, source: str, id_: str | None, time: datetime | None) -> Sendable:
    raw = Path(data[1:]).read_bytes() if data.startswith("@") else data.encode("utf-8", "surrogateescape")
    if time is not None and time.tzinfo is None:
        raise NotAnEvent("--time needs a zone: 2026-03-01T12:00:00Z")
    try:
        value = strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise NotAnEvent(f"--data is not strict JSON: {error.detail}") from None
    event = new_event(type_, subject, value, source=source, id_=id_, time=time)
    return structured(event, states_time=time is not None)


def _send(transport: Transport, token: str, body: Sendable) -> list[Result]:
    """Send; without an answer say how to send the very same again, since ids made here are known nowhere else."""
    try:
        return emitting.send(transport, token, body)
    except Unreachable as error:
        if len(body.content) > _SHOWN_BYTES:
            raise
        again = body.content.decode("utf-8", "replace")
        raise Unreachable(
            f"{error}; it may be stored or not: emit exactly this again, it counts once: {again}"
        ) from None


def _tell(results: list[Result], body: Sendable, options: Options) -> None:
    if options.json:
        found = [{name: value for name, value in _document(result).items() if value is not None} for result in results]
        say_json({"results": found} if body.is_batch else found[0])
        return
    for result in results:
        if result.problem is None:
            say(f"{result.status} {result.id}" + (f" position {result.position}" if result.position else ""))
        else:
            say_error(f"rejected {result.id}: {result.problem.get('title')}; {result.problem.get('detail')}")


def _document(result: Result) -> dict[str, object]:
    return {"id": result.id, "status": result.status, "position": result.position, "problem": result.problem}
