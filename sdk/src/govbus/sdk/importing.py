"""Taking a platform's own files in: reports and tables, read by an installed mapping, told of while it goes on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.sdk.failures import Unreachable
from govbus.sdk.transport import Transport

PATH: Final = "/v1/imports"
_NDJSON: Final = "application/x-ndjson"
_AGAIN: Final = "what was taken stays taken: import the file again, it counts once"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A part of the file that was not taken; `row` counts from 1 in the file's order."""

    row: int
    id: str | None
    reason: str
    detail: str
    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is, and what was refused since the last time."""

    done_count: int
    of_count: int
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """How many parts of a file were accepted, known before, refused or ignored, and how many facts they became."""

    accepted: int
    duplicate: int
    rejected: int
    ignored: int
    facts: int


def import_bytes(
    transport: Transport, token: str, content: bytes, platform: str, stated: Mapping[str, str]
) -> Iterator[Progress | Summary]:
    """Yield the progress of one file, and its summary last.

    `platform` is the name of an installed mapping; `stated` what the file does not say of itself: `subject`, `version`,
    `environment`, `evaluator`, `time`, `namespace`.

    Raises:
        Refused: nothing of it was taken.
        Unreachable: the answer broke off; what was taken stays taken, and counts once when it is sent again.
    """
    headers = {"content-type": "application/octet-stream", "accept": _NDJSON}
    summary = None
    try:
        for line in transport.lines(PATH, token, {"as": platform, **stated}, content, headers):
            document = _document(line)
            if "summary" in document:
                summary = _summary(document["summary"])
            elif "progress" in document:
                yield _progress(document)
    except Unreachable as error:
        raise Unreachable(f"{error}; {_AGAIN}") from None
    if summary is None:
        raise Unreachable(f"the answer broke off before its summary; {_AGAIN}")
    yield summary


def _document(line: bytes) -> dict[str, Any]:
    try:
        found = strict_json.parse(line) if line.strip() else {}
    except strict_json.InvalidJson:
        found = None
    if not isinstance(found, dict):
        raise Unreachable("the answer is not what Govbus says: is this really its address?")
    return found


def _progress(document: dict[str, Any]) -> Progress:
    told = document["progress"]
    results = document.get("results") or []
    return Progress(int(told["done"]), int(told["of"]), tuple(_row(one) for one in results))


def _row(result: dict[str, Any]) -> RefusedRow:
    problem = dict(result.get("problem") or {})
    places = [f"{item.get('pointer', '')}: {item.get('detail', '')}" for item in problem.get("errors") or []]
    return RefusedRow(
        row=int(result["row"]) + 1,
        id=result.get("id"),
        reason=str(problem.get("type", "")).rpartition("/")[2],
        detail="; ".join([str(problem.get("detail", "")), *places]),
        problem=problem,
    )


def _summary(counts: dict[str, Any]) -> Summary:
    names = ("accepted", "duplicate", "rejected", "ignored", "facts")
    return Summary(*(int(counts.get(name, 0)) for name in names))
