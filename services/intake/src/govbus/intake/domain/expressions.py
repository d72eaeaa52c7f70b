"""Expressions of mappings: CEL, with plain paths read directly so that every value stays as it came.

Source: Common Expression Language, https://cel.dev; the official C++ runtime, as for policies, with its iteration
budget: an expression that loops too long fails like any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

from govbus.intake.domain import functions, list_functions

VARIABLES: Final = (
    *("body", "whole", "headers", "source", "context", "event", "raw"),
    *("item", "position", "ordinal", "my"),
)
"""What an expression sees; `docs/mappings.md` says what each is."""

_NO_DEFINITIONS: Final[Mapping[str, "Expression"]] = MappingProxyType({})
_PATH: Final = re.compile(r"(body|whole|item|raw|source|context|event|my)((?:\.[A-Za-z_]\w*)*)")
_MENTIONED: Final = re.compile(r"\b(body|item|headers|context|event)((?:\.[A-Za-z_]\w*|\['[^']+'\])+)(?!\s*[(?\w])")
DEFINED: Final = re.compile(r"\bmy\.([A-Za-z_]\w*)")
"""Mentions of definitions."""

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]")
_EXTENSIONS: Final = (ext_optional.ExtOptional, ext_strings.ExtStrings, ext_math.ExtMath, ext_bindings.ExtBindings)
_DETAIL_CHARACTERS: Final = 300


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
        extensions=[make() for make in _EXTENSIONS],
        functions=[*functions.declarations(), *list_functions.declarations()],
    )


class Scope:
    """The variables of one delivery; the runtime is handed those that an expression mentions, each once.

    Definitions are computed where they are mentioned.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        definitions: Mapping[str, "Expression"] = _NO_DEFINITIONS,
        item_pointer: str = "",
        shown: Mapping[str, Any] | None = None,
        around: "Scope | None" = None,
    ) -> None:
        """Take the values of `VARIABLES`, a missing one being null, and what `my.<name>` stands for.

        `item_pointer` is where the element at hand stands in the payload, where that is known; `shown` are values that
        the runtime is known to take; `around` is the scope of all elements, where this one is that of one of them.
        """
        self._defined: dict[str, Any] = dict(variables.get("my") or {})
        self.variables = {**{name: variables.get(name) for name in VARIABLES}, "my": self._defined}
        self.definitions = definitions
        self.item_pointer = item_pointer
        self._shown = dict(shown or {})
        self._around = around
        self._activations: dict[tuple[str, ...], cel.Activation] = {}

    def activation(self, names: tuple[str, ...], uses: tuple[str, ...]) -> cel.Activation:
        """Return these variables, and of `my` these definitions, as the runtime takes them.

        Handing one over costs its size, `whole` above all.
        """
        if (*names, *uses) not in self._activations:
            variables = {name: self._representable(name, self.variables[name]) for name in names if name != "my"}
            found = {
                name: self._representable(f"my.{name}", self._defined[name]) for name in uses if name in self._defined
            }
            self._activations[*names, *uses] = _environment().Activation({**variables, "my": found})
        return self._activations[*names, *uses]

    def _representable(self, name: str, value: Any) -> Any:
        """Return a variable without integers that the runtime has none for; each is looked through once."""
        if name not in self._shown:
            self._shown[name] = functions.representable(value)
        return self._shown[name]

    def _without(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in self._shown.items() if name not in names}

    def with_item(self, item: Any, position: int, pointer: str) -> "Scope":
        """Return the scope of one element of a `for_each`."""
        variables = {**self.variables, "item": item, "position": position}
        return Scope(variables, self.definitions, pointer, self._without("item", "position"), self)

    def defining(self, definitions: Mapping[str, "Expression"]) -> "Scope":
        """Return the scope with more definitions."""
        if not definitions:
            return self
        return Scope(self.variables, {**self.definitions, **definitions}, self.item_pointer, self._shown)

    def define(self, names: tuple[str, ...]) -> None:
        """Compute the definitions of `names` that are not computed yet.

        Raises:
            ExpressionFailed: one of them cannot be computed.
        """
        for name in names:
            if name in self.definitions:
                self.defined(name)

    def defined(self, name: str) -> Any:
        """Return what `my.<name>` stands for: computed once, and once for all elements where it is not of one.

        Raises:
            ExpressionFailed: it cannot be computed.
        """
        if name not in self._defined:
            around = self._around
            if around is not None and name in around.definitions and not self._is_of_element(name):
                self._defined[name] = around.defined(name)
            else:
                self._defined[name] = self.definitions[name].value(self)
        return self._defined[name]

    def _is_of_element(self, name: str) -> bool:
        found = self.definitions.get(name)
        if found is None:
            return False
        return not {"item", "position"}.isdisjoint(found.mentions) or any(map(self._is_of_element, found.uses))


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression; `uses` are the definitions it mentions, `mentions` the variables."""

    text: str
    program: cel.Expression
    path: tuple[str, ...] | None
    uses: tuple[str, ...] = ()
    mentions: tuple[str, ...] = VARIABLES

    def value(self, scope: Scope) -> Any:
        """Return what the expression yields.

        Raises:
            ExpressionFailed: a field is missing, a type does not fit, the iteration budget is spent.
        """
        scope.define(self.uses)
        if self.path is not None:
            return _walk(self.text, self.path, scope)
        try:
            found = self.program.eval(scope.activation(self.mentions, self.uses))
            failed = found.type() == cel.Type.ERROR
            value = found.value() if failed else _plain(found)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise ExpressionFailed(self.text, str(error)[:_DETAIL_CHARACTERS]) from None
        if failed:
            raise ExpressionFailed(self.text, str(value)[:_DETAIL_CHARACTERS], self._missing(scope))
        return value

    def pointer_in(self, scope: Scope) -> str:
        """Return the JSON pointer of a plain path; empty for anything else."""
        return _pointer(self.path, scope.item_pointer) if self.path else ""

    def _missing(self, scope: Scope) -> str | None:
        for mention in _MENTIONED.finditer(self.text):
            steps = tuple(first or second for first, second in _STEP.findall(mention[2]))
            try:
                _walk(self.text, (mention[1], *steps), scope)
            except ExpressionFailed as error:
                return error.pointer
        return None


def _plain(found: cel.Value) -> Any:
    """Return a value of the runtime as Python's own.

    Null is never asked for its value: cel-expr-python 0.1.3 gives `None` back without counting the reference, there and
    in `plain_value()`, and Python 3.11 dies once the count is spent.
    """
    if found.type() == cel.Type.NULL:
        return None
    value = found.value()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


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
    uses, words = set(DEFINED.findall(stripped)), set(_WORD.findall(stripped))
    return Expression(stripped, program, path, tuple(sorted(uses)), tuple(name for name in VARIABLES if name in words))


def _walk(text: str, path: tuple[str, ...], scope: Scope) -> Any:
    value: Any = scope.variables
    for depth, step in enumerate(path):
        if not isinstance(value, Mapping) or step not in value:
            pointer = _pointer(path[: depth + 1], scope.item_pointer)
            raise ExpressionFailed(text, f"{path[0]} has no field {pointer or '/'}", pointer)
        value = value[step]
    return value


def _pointer(path: tuple[str, ...], item_pointer: str) -> str:
    """Return where a path points in the payload; what is not of the payload begins with its own name."""
    root = {"body": "", "item": item_pointer}.get(path[0], f"/{path[0]}")
    return root + "".join(f"/{part}" for part in path[1:])
