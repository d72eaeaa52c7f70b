"""YAML: the JSON-like part of it, without tags, aliases or duplicate keys.

Source: YAML 1.2.2; PyYAML reads 1.1, so `no` and `1e3` are texts or booleans as there.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import yaml
from typing_extensions import override

from govbus.contracts.limits import NESTING_DEPTH
from govbus.intake.domain.refusals import Refused

_BASE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_BASE):  # type: ignore[misc]  # the C loader where libyaml is there
    """Refuses keys that stand twice: readers differ about which one holds."""

    @override
    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if any(isinstance(key, list | dict) for key in keys):
            raise Refused("undecodable", f"line {node.start_mark.line + 1}: a key is a list or a mapping, and no text")
        if min(len(set(keys)), len({str(key) for key in keys})) != len(keys):
            raise Refused("duplicate_key", f"line {node.start_mark.line + 1}: a key stands twice")
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def decode(raw: bytes, options: Mapping[str, Any]) -> Any:
    """Return the value of one YAML document: keys are text, dates are ISO 8601 texts; there are no options.

    Raises:
        Refused: `invalid_utf8`, `undecodable`, `duplicate_key`, `nesting_too_deep` or `not_a_number`.
    """
    if options:
        raise ValueError(f"this decoder has no option {min(options)!r}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("invalid_utf8", f"byte {error.start} is not UTF-8") from None
    try:
        if any(isinstance(event, yaml.events.AliasEvent) for event in yaml.parse(text, Loader=_BASE)):
            raise Refused("undecodable", "YAML with aliases is not read: a few bytes of it grow without limit")
        return plain(yaml.load(text, _Strict), 0)  # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Refused("undecodable", f"not YAML that is read: {str(error)[:300]}") from None


def plain(value: Any, depth: int) -> Any:
    """Return a loaded value as JSON has it.

    Raises:
        Refused: deeper than the limit, NaN, infinity, or a value JSON has no word for.
    """
    if depth > NESTING_DEPTH:
        raise Refused("nesting_too_deep", f"more than {NESTING_DEPTH} lists or mappings inside each other")
    if isinstance(value, dict):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("not_a_number", f"{value} is no JSON number")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise Refused("undecodable", f"a {type(value).__name__} has no place in JSON")


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(plain(key, 0)) if not isinstance(key, bool) else str(key).lower()
