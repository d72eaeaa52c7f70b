"""CEL expressions: compiled and type-checked once, run with the runtime's iteration budget."""

import re
from collections.abc import Mapping
from typing import Any, Final

from cel_expr_python import cel

from govbus.risk.policy.rule import BundleRefused, Written
from govbus.risk.policy.schema import DocumentSchema

_CEL_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_SLOT: Final = re.compile(r"\{([^{}]+)\}")


class ConditionFailed(ValueError):
    """An expression could not be evaluated: something absent was compared, or the iteration budget ran out."""


class Compiler:
    """Compiles expressions over one document schema."""

    def __init__(self, schema: DocumentSchema) -> None:
        """Make the CEL environment, without functions beyond CEL's own."""
        self._env = cel.NewEnv(descriptor_pool=schema.pool, variables=schema.variables())

    def condition(self, written: Written) -> cel.Expression:
        """Return the compiled condition.

        Raises:
            BundleRefused: a syntax error, an unknown field path, types that do not fit, or no boolean result.
        """
        compiled = self._compile(written)
        if compiled.return_type() != cel.Type.BOOL:
            raise BundleRefused((f"{written.place}: a condition is a bool, this is {compiled.return_type().name()}",))
        return compiled

    def slots(self, written: Written) -> Mapping[str, cel.Expression]:
        """Return the expression of each `{…}` in a message.

        Raises:
            BundleRefused: as for a condition.
        """
        return {slot: self._compile(Written(slot, written.place)) for slot in _SLOT.findall(written.text)}

    def _compile(self, written: Written) -> cel.Expression:
        try:
            return self._env.compile(written.text)
        except RuntimeError as error:
            raise BundleRefused(_problems(written, str(error))) from None


def holds(condition: cel.Expression, activation: Mapping[str, Any]) -> bool:
    """Return whether the condition holds.

    Raises:
        ConditionFailed: it has no answer. Source: cel-cpp, `comprehension_max_iterations`, 10,000 by default.
    """
    try:
        value = condition.eval(data=activation)
    except RuntimeError as error:
        raise ConditionFailed(_first_line(str(error))) from None
    if value.type() != cel.Type.BOOL:
        raise ConditionFailed(_first_line(str(value.value())))
    return value.value() is True


def render(message: str, slots: Mapping[str, cel.Expression], activation: Mapping[str, Any]) -> str:
    """Return the message with its `{…}` replaced; what has no value reads `unknown`."""

    def replacement(match: re.Match[str]) -> str:
        try:
            value = slots[match[1]].eval(data=activation)
        except RuntimeError:
            return "unknown"
        if value.type() in (cel.Type.NULL, cel.Type.ERROR):  # asked for its value, null would cost Python a `None`
            return "unknown"
        plain = value.plain_value()
        return f"{plain:g}" if isinstance(plain, float) else str(plain)

    return _SLOT.sub(replacement, message)


def _problems(written: Written, said: str) -> tuple[str, ...]:
    found = tuple(
        f"{written.at(int(line), int(column))}: {text.removesuffix(' [INVALID_ARGUMENT]')}"
        for line, column, text in _CEL_ERROR.findall(said)
    )
    return found or (f"{written.place}: {_first_line(said)}",)


def _first_line(said: str) -> str:
    return said.partition("\n")[0][:300]
