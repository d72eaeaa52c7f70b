"""`govbus spool`: events that were emitted on this machine and not yet taken, and those that were refused."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.sdk.cli.output import say, say_json, say_table
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, UNREACHABLE, Options, session
from govbus.sdk.failures import NotConfigured
from govbus.sdk.spool.file import SpoolFile
from govbus.sdk.spool.place import spool_folder, spools_in
from govbus.sdk.spool.rows import CLEAR, RefusedEvent, SpoolStatus
from govbus.sdk.spool.sending import ELSEWHERE, Sending

app = App(name="spool", help="Events emitted on this machine: status, send, refused, retry, discard.")
File = Annotated[Path | None, Parameter(name="--spool")]
_All = Annotated[bool, Parameter(name="--all", negative="")]
Files = Sequence[tuple[Path, SpoolFile]]
_STATUS = ("spool", "source", "url", "waiting", "refused", "bytes", "oldest", "state", "detail")
_REFUSED = ("spool", "position", "id", "type", "subject", "reason", "detail", "refused_at")


@app.command
def status(*, spool: File = None, options: Options = DEFAULT) -> int:
    """Show what waits in each spool and for what; exit code 1 when something waits or was refused.

    Parameters
    ----------
    spool
        One spool file; else all in GOVBUS_SPOOL, or in the user's folder.
    """
    with _opened(spool) as files:
        found = [_status(path, file.status()) for path, file in files]
    if options.json:
        say_json({"items": found})
    elif found:
        say_table(_STATUS, [[item[name] for name in _STATUS] for item in found])
    else:
        say("no spool: nothing was emitted through one here")
    return REFUSED if any(item["waiting"] or item["refused"] for item in found) else OK


@app.command
def send(*, spool: File = None, options: Options = DEFAULT) -> int:
    """Send now what waits for the configured Govbus; exit code 0 when nothing waits any more.

    Parameters
    ----------
    spool
        The spool file; needed when several sources spool here: the credential must be that source's.
    """
    with session(options) as opened, _opened(spool) as files:
        path, file = _sendable(files, opened.endpoints.url)
        token = opened.token() if options.role else opened.endpoints.source_credential()
        standing = Sending(file, opened.transport, token).round()
    if options.json:
        say_json({"spool": str(path), "state": standing.state, "detail": standing.detail})
    else:
        say(f"{path}: {standing.state} {standing.detail}".rstrip())
    return OK if standing in {CLEAR, ELSEWHERE} else UNREACHABLE


@app.command
def refused(*, spool: File = None, options: Options = DEFAULT) -> int:
    """List the events that Govbus refused, with the reason; with --json also the events themselves.

    Parameters
    ----------
    spool
        One spool file; else all in GOVBUS_SPOOL, or in the user's folder.
    """
    with _opened(spool) as files:
        found = [_refused(path, event) for path, file in files for event in file.refused()]
    if options.json:
        say_json({"items": found})
    elif found:
        say_table(_REFUSED, [[item[name] for name in _REFUSED] for item in found])
    else:
        say("nothing was refused")
    return OK


@app.command
def retry(*positions: int, spool: File = None, all_: _All = False, options: Options = DEFAULT) -> int:
    """Let refused events wait again, behind what waits: after the registration or the contract was mended.

    Parameters
    ----------
    positions
        Positions that `govbus spool refused` printed.
    spool
        The spool file; needed when there are several.
    all_
        All that were refused.
    """
    with _opened(spool) as files:
        file = _single(files)
        count = file.retry(_wanted(file, positions, all_=all_))
    return _tell("waiting again", count, options)


@app.command
def discard(*positions: int, spool: File = None, all_: _All = False, options: Options = DEFAULT) -> int:
    """Give refused events up; they were never said to anybody, and nothing of them stays.

    Parameters
    ----------
    positions
        Positions that `govbus spool refused` printed.
    spool
        The spool file; needed when there are several.
    all_
        All that were refused.
    """
    with _opened(spool) as files:
        file = _single(files)
        count = file.discard(_wanted(file, positions, all_=all_))
    return _tell("discarded", count, options)


@contextmanager
def _opened(spool: Path | None) -> Iterator[Files]:
    paths = [spool] if spool is not None else spools_in(spool_folder(os.environ))
    files = [(path, SpoolFile(path)) for path in paths]
    try:
        yield files
    finally:
        for _, file in files:
            file.close()


def _sendable(files: Files, url: str) -> tuple[Path, SpoolFile]:
    found = [(path, file) for path, file in files if file.owner.url == url]
    if len(found) != 1:
        raise NotConfigured(f"There are {len(found)} spools for {url} here: say which with --spool FILE.")
    return found[0]


def _single(files: Files) -> SpoolFile:
    if len(files) != 1:
        raise NotConfigured(f"There are {len(files)} spools here: say which with --spool FILE.")
    return files[0][1]


def _wanted(file: SpoolFile, positions: Sequence[int], *, all_: bool) -> Sequence[int]:
    if bool(positions) == all_:
        raise NotConfigured("Give the positions that `govbus spool refused` prints, or --all.")
    return [event.position for event in file.refused()] if all_ else positions


def _tell(what: str, count: int, options: Options) -> int:
    if options.json:
        say_json({"count": count})
    else:
        say(f"{what}: {count}")
    return OK if count else REFUSED


def _status(path: Path, found: SpoolStatus) -> dict[str, Any]:
    oldest = found.oldest_waiting_at
    return {
        "spool": str(path),
        "source": found.owner.source,
        "url": found.owner.url,
        "waiting": found.waiting_count,
        "refused": found.refused_count,
        "bytes": found.body_bytes,
        "oldest": None if oldest is None else format_time(oldest),
        "state": "never sent" if found.standing is None else found.standing.state,
        "detail": None if found.standing is None else found.standing.detail,
    }


def _refused(path: Path, event: RefusedEvent) -> dict[str, Any]:
    problem = event.problem
    return {
        "spool": str(path),
        "position": event.position,
        "id": event.said.id,
        "type": event.said.type,
        "subject": event.said.subject,
        "reason": str(problem.get("type", "")).rpartition("/")[2],
        "detail": "; ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name)),
        "refused_at": format_time(event.refused_at),
        "problem": problem,
        "event": strict_json.parse(event.said.body),
    }
