"""Pure functions on lists and members that expressions of mappings may call: what CEL's macros do not do.

Reports hold null where they might hold a list or a text, and sums that nobody wrote down.
`docs/mappings.md` lists the functions.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from cel_expr_python import cel

_SCALARS: Final = (cel.Type.STRING, cel.Type.INT, cel.Type.UINT, cel.Type.DOUBLE, cel.Type.BOOL, cel.Type.NULL)
_ANY: Final = (*_SCALARS, cel.Type.LIST, cel.Type.MAP)


def members(value: Any) -> dict[str, Any]:
    """Return a map as it is, an empty one for anything else: null, a text, a list."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return a list as it is, an empty one for anything else: null, a text, a map."""
    return value if isinstance(value, list) else []


def written(value: Any) -> str:
    """Return a text as it is and a number or truth value as JSON writes it; an empty text for anything else."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else ""


def head(values: Sequence[Any], count: int) -> list[Any]:
    """Return the first `count` elements."""
    return list(values[: max(count, 0)])


def numbered(values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return `[{position, value}]`, positions from 0: lists beside each other are read by position."""
    return [{"position": position, "value": value} for position, value in enumerate(values)]


def unique(values: Sequence[Any]) -> list[Any]:
    """Return the elements without repetitions, each where it stands first."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(json.dumps(value, sort_keys=True), value)
    return list(found.values())


def unique_by(values: Sequence[Any], keys: Sequence[str]) -> list[Any]:
    """Return the elements reduced to these members, without repetitions; what is no map is left out.

    For rows without number: CEL's macros have an iteration budget, this has none but the size of the payload.
    """
    return unique([{key: value[key] for key in keys if key in value} for value in values if isinstance(value, dict)])


def total(values: Sequence[Any]) -> float:
    """Return the sum of numbers, 0 for none; anything but a finite number among them is a mistake, not a zero."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise ValueError("total(): not all of them are numbers")
    found = math.fsum(values)
    if not math.isfinite(found):
        raise ValueError("total(): no finite sum")
    return found


def object_of(pairs: Sequence[Any]) -> dict[str, Any]:
    """Return the map of `[{key, value}]`, the reverse of `entries()`; of equal keys the last holds."""
    if not all(isinstance(pair, dict) and isinstance(pair.get("key"), str) and "value" in pair for pair in pairs):
        raise ValueError("object(): a list of {key, value} with texts as keys is needed")
    return {pair["key"]: pair["value"] for pair in pairs}


def declarations() -> list[cel.FunctionDecl]:
    """Return the functions as the runtime takes them."""
    return [
        cel.FunctionDecl("members", [_overload("members", members, [kind]) for kind in _ANY]),
        cel.FunctionDecl("items", [_overload("items", items, [kind]) for kind in _ANY]),
        cel.FunctionDecl("written", [_overload("written", written, [kind]) for kind in _ANY]),
        cel.FunctionDecl("head", [_overload("head", head, [cel.Type.LIST, cel.Type.INT])]),
        cel.FunctionDecl("numbered", [_overload("numbered", numbered, [cel.Type.LIST])]),
        cel.FunctionDecl(
            "unique",
            [
                _overload("unique", unique, [cel.Type.LIST]),
                _overload("unique", unique_by, [cel.Type.LIST, cel.Type.LIST]),
            ],
        ),
        cel.FunctionDecl("total", [_overload("total", total, [cel.Type.LIST])]),
        cel.FunctionDecl("object", [_overload("object", object_of, [cel.Type.LIST])]),
    ]


def _overload(name: str, function: Any, parameters: list[cel.Type]) -> cel.Overload:
    id_ = "_".join([name, *(kind.name() for kind in parameters)])
    return cel.Overload(id_, return_type=cel.Type.DYN, parameters=parameters, impl=function)
