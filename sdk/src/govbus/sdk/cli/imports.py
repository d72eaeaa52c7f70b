"""`govbus import`: a platform's own reports and tables, from files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from govbus.sdk.cli.output import harmless, say, say_error, say_json, say_table
from govbus.sdk.cli.session import OK, REFUSED, UNREACHABLE, Options, session
from govbus.sdk.failures import Refused, Unreachable
from govbus.sdk.importing import RefusedRow, Summary, import_bytes
from govbus.sdk.transport import Transport

_SHOWN_COUNT = 50
"""Refused rows on a terminal; `--json` has all."""

_NAME_LENGTH = 30
"""Of a file beside its bar: the bar is to be seen on 80 columns."""

_COLUMNS = ("file", "accepted", "duplicate", "rejected", "ignored", "facts")


@dataclass(frozen=True, slots=True)
class _Imported:
    """What became of one file; `failure` when nothing can be said of its rest."""

    file: str
    summary: Summary | None
    refused: tuple[RefusedRow, ...]
    failure: Refused | Unreachable | None = None


def import_(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    platform: Annotated[str, Parameter(name="--as")],
    subject: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    time: str | None = None,
    evaluator: str | None = None,
    namespace: str | None = None,
    source_token: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Take files in; what they became is printed, with every refused part and why. A file counts once.

    Exit code 1 when anything was refused; what was taken stays taken, so mend the file and import it again.

    Parameters
    ----------
    files
        Reports or tables as the platform wrote them, or - for standard input.
    platform
        The mapping that reads them: mlflow, evidently, great_expectations, federal_inventory, ...
    subject
        What they are about, where they do not say it: model/<namespace>/<name>.
    version
        The version that they are about, where they do not say it.
    environment
        Where it was observed.
    time
        When it happened, RFC 3339 with zone, where they do not say it; now when absent.
    evaluator
        Who evaluated.
    namespace
        Whose things they list: the first part of subjects that are made from rows.
    source_token
        The source's credential. GOVBUS_SOURCE_TOKEN is the better place: arguments stand in the list of processes.
    json
        Print JSON for scripts.
    """
    named = {"subject": subject, "version": version, "environment": environment, "time": time,
             "evaluator": evaluator, "namespace": namespace}  # fmt: skip
    stated = {name: text for name, text in named.items() if text is not None}
    contents = [(file, _read(file)) for file in files or ("-",)]
    with session(Options(json=json)) as opened, _bar(hidden=json) as bar:
        token = source_token or opened.endpoints.source_credential()
        found = [_import(opened.transport, token, file, content, platform, stated, bar) for file, content in contents]
    if json:
        say_json({"files": [_document(one) for one in found]})
    else:
        _tell(found)
    if any(isinstance(one.failure, Unreachable) for one in found):
        return UNREACHABLE
    return REFUSED if any(one.refused or one.failure for one in found) else OK


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


@contextmanager
def _bar(*, hidden: bool) -> Iterator[Bar]:
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, disable=hidden or not console.is_terminal, transient=True) as bar:
        yield bar


def _import(
    transport: Transport, token: str, file: str, content: bytes, platform: str, stated: dict[str, str], bar: Bar
) -> _Imported:
    refused: list[RefusedRow] = []
    task: TaskID = bar.add_task(harmless(Path(file).name)[:_NAME_LENGTH], total=None)
    try:
        for told in import_bytes(transport, token, content, platform, stated):
            if isinstance(told, Summary):
                return _Imported(file, told, tuple(refused))
            refused += told.refused
            bar.update(task, completed=told.done_count, total=told.of_count)
    except (Refused, Unreachable) as failure:
        return _Imported(file, None, tuple(refused), failure)
    raise AssertionError("an import ends with its summary or raises")


def _tell(found: list[_Imported]) -> None:
    summaries = [(one.file, one.summary) for one in found if one.summary is not None]
    if summaries:
        say_table(_COLUMNS, [[file, *asdict(summary).values()] for file, summary in summaries])
    rows = [(one.file, row.row, row.id, row.reason, row.detail) for one in found for row in one.refused]
    if rows:
        say("")
        say_table(("file", "row", "id", "reason", "detail"), rows[:_SHOWN_COUNT], title="refused")
    if len(rows) > _SHOWN_COUNT:
        say(f"and {len(rows) - _SHOWN_COUNT} more: --json has all")
    for one in found:
        if one.failure is not None:
            say_error(f"govbus: {one.file}: {one.failure}")


def _document(one: _Imported) -> dict[str, Any]:
    document: dict[str, Any] = {"file": one.file, "summary": asdict(one.summary) if one.summary else None}
    document["refused"] = [asdict(row) for row in one.refused]
    if one.failure is not None:
        document["error"] = {"message": str(one.failure), "problem": getattr(one.failure, "problem", None)}
    return document
