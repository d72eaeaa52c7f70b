"""Expressions of mappings: CEL, with plain paths read directly so that every value stays as it came.

Source: Common Expression Language, https://cel.dev; the official C++ runtime, as for policies.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

VARIABLES: Final = ("body", "headers", "source", "raw", "item")
"""What an expression sees: decoded body, headers (lower case), the registered source, digest of the raw bytes, and
the element at hand inside `for_each`."""

_PATH: Final = re.compile(r"(body|item|raw|source)((?:\.[A-Za-z_]\w*)*)")
_MENTIONED: Final = re.compile(r"\b(body|item|headers)((?:\.[A-Za-z_]\w*|\['[^']+'\])+)(?!\s*[(?\w])")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]")


class ExpressionFailed(ValueError):
    """An expression that cannot be computed; `pointer` names the missing field where that is why."""

    def __init__(self, expression: str, detail: str, pointer: str | None = None) -> None:
        """Keep what was asked and what was missing."""
        super().__init__(f"{expression}: {detail}")
        self.expression = expression
        self.detail = detail
        self.pointer = pointer


@cache
def _environment() -> cel.Env:
    return cel.NewEnv(
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
    )


class Scope:
    """The variables of one delivery, handed to the runtime once."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        """Take the values of `VARIABLES`; a missing one is null."""
        self.variables = {name: variables.get(name) for name in VARIABLES}
        self.activation = _environment().Activation(self.variables)

    def with_item(self, item: Any) -> "Scope":
        """Return the scope of one element of a `for_each`."""
        return Scope({**self.variables, "item": item})


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression."""

    text: str
    program: cel.Expression
    path: tuple[str, ...] | None

    def value(self, scope: Scope) -> Any:
        """Return what the expression yields.

        Raises:
            ExpressionFailed: a field is missing, a type does not fit.
        """
        if self.path is not None:
            return _walk(self.text, self.path, scope.variables)
        try:
            found = self.program.eval(scope.activation)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise ExpressionFailed(self.text, str(error)[:300]) from None
        if found.type() == cel.Type.ERROR:
            raise ExpressionFailed(self.text, str(found.value())[:300], self._missing(scope))
        return found.plain_value()

    def _missing(self, scope: Scope) -> str | None:
        for mention in _MENTIONED.finditer(self.text):
            steps = tuple(first or second for first, second in _STEP.findall(mention[2]))
            try:
                _walk(self.text, (mention[1], *steps), scope.variables)
            except ExpressionFailed as error:
                return error.pointer
        return None


def compiled(text: str) -> Expression:
    """Return the expression written in `text`.

    Raises:
        ValueError: it does not compile; the message says where.
    """
    stripped = text.strip()
    try:
        program = _environment().compile(stripped)
    except RuntimeError as error:
        raise ValueError(f"{stripped[:80]!r}: {error}") from None
    plain = _PATH.fullmatch(stripped)
    path = (plain[1], *plain[2].split(".")[1:]) if plain else None
    return Expression(stripped, program, path)


def _walk(text: str, path: tuple[str, ...], variables: Mapping[str, Any]) -> Any:
    value: Any = variables
    for depth, step in enumerate(path):
        if not isinstance(value, Mapping) or step not in value:
            pointer = "".join(f"/{part}" for part in path[1 : depth + 1])
            raise ExpressionFailed(text, f"{path[0]} has no field {pointer or '/'}", pointer)
        value = value[step]
    return value
