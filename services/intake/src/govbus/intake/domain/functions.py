"""Pure functions that expressions of mappings may call, beside those of CEL. `docs/mappings.md` lists them.

A function refuses with `ValueError`; the runtime turns that into an error of the expression.
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import re2
from cel_expr_python import cel

from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time

_SCALARS: Final = (cel.Type.STRING, cel.Type.INT, cel.Type.UINT, cel.Type.DOUBLE, cel.Type.BOOL, cel.Type.NULL)
_ANY: Final = (*_SCALARS, cel.Type.LIST, cel.Type.MAP)
_INT64: Final = range(-(2**63), 2**63)
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}(?::\d{2})?)?)?",
    re.IGNORECASE,
)
_DATE_GROUP, _CLOCK_GROUP, _SECONDS_GROUP, _FRACTION_GROUP, _ZONE_GROUP = range(1, 6)
_NOT_NAME: Final = re.compile(r"[^a-z0-9]+")
_SHOWN: Final = 60


def parsed_json(text: str) -> Any:
    """Return the strict JSON value in `text`; integers beyond 64 bits as text, since CEL has none."""
    try:
        return representable(strict_json.parse(text.encode("utf-8", "surrogatepass")))
    except strict_json.InvalidJson as error:
        raise ValueError(f"json(): {error.detail}") from None


def representable(value: Any) -> Any:
    """Return `value` with every integer beyond 64 bits as text; the same object where there is none."""
    if isinstance(value, int) and value not in _INT64:
        return str(value)
    if isinstance(value, list):
        items = [representable(item) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        members = {key: representable(item) for key, item in value.items()}
        return value if all(members[key] is value[key] for key in value) else members
    return value


def decoded_base64(text: str) -> str:
    """Return the UTF-8 text that base64 of either alphabet holds, padded or not."""
    compact = text.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("base64(): not base64 of UTF-8 text") from None


def captured(text: str, pattern: str) -> str | None:
    """Return the first group of the first match, the whole match without groups, None without match."""
    try:
        found = re2.search(pattern, text)
    except re2.error as error:
        raise ValueError(f"capture(): {error}") from None
    if found is None:
        return None
    return str(found.group(1 if found.re.groups else 0) or "")


def normal_time(text: str) -> str:
    """Return RFC 3339 in UTC for the spellings of ISO 8601 that platforms use; no zone means UTC."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"time(): {text[:_SHOWN]!r} is not a time that is known")
    clock = found[_CLOCK_GROUP] or "00:00"
    fraction = (found[_FRACTION_GROUP] or "0")[:6]
    zone = (found[_ZONE_GROUP] or "Z").upper()
    offset = "+00:00" if zone in {"Z", "UTC", "GMT"} else zone
    try:
        moment = datetime.fromisoformat(
            f"{found[_DATE_GROUP]}T{clock}:{found[_SECONDS_GROUP] or '00'}.{fraction:0<6}{offset}"
        )
        return format_time(moment)
    except (ValueError, OverflowError):
        raise ValueError(f"time(): {text[:_SHOWN]!r} is no moment of the calendar") from None


def time_by(text: str, pattern: str) -> str:
    """Return RFC 3339 in UTC for a time in the spelling `pattern` of strptime; no zone means UTC."""
    try:
        moment = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the next line gives the zone
        return format_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"time(): {text[:_SHOWN]!r} is not spelt {pattern!r}") from None


def unix_time(seconds: float | str) -> str:
    """Return RFC 3339 from seconds since 1970, a number or a text that holds one."""
    return _since_1970(seconds, 1, "unix")


def unix_milliseconds(milliseconds: float | str) -> str:
    """Return RFC 3339 from milliseconds since 1970, a number or a text that holds one."""
    return _since_1970(milliseconds, 1000, "unix_ms")


def number(value: Any) -> float | None:
    """Return a finite double from a number or a text that holds one, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and "_" not in str(value) else None


def text(value: Any) -> str:
    """Return a scalar as JSON writes it, a text as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def entries(members: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return `[{key, value}]` sorted by key, so that equal payloads give equal facts; `[]` for null."""
    return [{"key": key, "value": members[key]} for key in sorted(members, key=str)] if members else []


def flatten(items: Sequence[Any]) -> list[Any]:
    """Return the items with lists among them taken apart, one level."""
    return [inner for item in items for inner in (item if isinstance(item, list) else [item])]


def present(value: Any) -> Any:
    """Return a value without members that are null, at any depth; null itself as an object without members.

    CEL's `.?` takes a missing member for absent and refuses one that is null; platforms write either.
    """
    return {} if value is None else _present(value)


def _present(value: Any) -> Any:
    if isinstance(value, list):
        return [_present(item) for item in value]
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    return value


def sha256(value: str) -> str:
    """Return the lower-case hex digest of a text."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def slug(value: str) -> str:
    """Return a text as a name: lower case, runs of anything but a-z and 0-9 as one hyphen."""
    return _NOT_NAME.sub("-", value.lower()).strip("-")


def keep(value: str, count: int) -> str:
    """Return the first `count` characters."""
    return value[: max(count, 0)]


def short(value: Any, count: int) -> str:
    """Return a value as compact JSON (a text as it is), cut to `count` characters."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return keep(written, count)


def declarations() -> list[cel.FunctionDecl]:
    """Return the functions as the runtime takes them: one overload per kind of value, since it has no `any`."""
    one = (cel.Type.STRING,)
    numbers = (cel.Type.STRING, cel.Type.INT, cel.Type.DOUBLE)
    return [
        _declared("json", parsed_json, [[kind] for kind in one]),
        _declared("base64", decoded_base64, [[kind] for kind in one]),
        _declared("capture", captured, [[cel.Type.STRING, cel.Type.STRING]]),
        cel.FunctionDecl(
            "time", [_overload("time", normal_time, one), _overload("time", time_by, [cel.Type.STRING] * 2)]
        ),
        _declared("unix", unix_time, [[kind] for kind in numbers]),
        _declared("unix_ms", unix_milliseconds, [[kind] for kind in numbers]),
        _declared("number", number, [[kind] for kind in _ANY]),
        _declared("text", text, [[kind] for kind in _SCALARS]),
        _declared("entries", entries, [[cel.Type.MAP], [cel.Type.NULL]]),
        _declared("flatten", flatten, [[cel.Type.LIST]]),
        _declared("present", present, [[kind] for kind in _ANY]),
        _declared("sha256", sha256, [[kind] for kind in one]),
        _declared("slug", slug, [[kind] for kind in one]),
        _declared("keep", keep, [[cel.Type.STRING, cel.Type.INT]]),
        _declared("short", short, [[kind, cel.Type.INT] for kind in _ANY]),
    ]


def _declared(name: str, function: Callable[..., Any], overloads: Sequence[Sequence[cel.Type]]) -> cel.FunctionDecl:
    return cel.FunctionDecl(name, [_overload(name, function, parameters) for parameters in overloads])


def _overload(name: str, function: Callable[..., Any], parameters: Sequence[cel.Type]) -> cel.Overload:
    id_ = "_".join([name, *(kind.name() for kind in parameters)])
    return cel.Overload(id_, return_type=cel.Type.DYN, parameters=list(parameters), impl=function)


def _since_1970(value: float | str, units_per_second: int, name: str) -> str:
    found = number(value)
    if found is None:
        raise ValueError(f"{name}(): {str(value)[:_SHOWN]!r} is not a number")
    try:
        return format_time(datetime.fromtimestamp(found / units_per_second, UTC))
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{name}(): {str(value)[:_SHOWN]!r} is no moment of the calendar") from None
