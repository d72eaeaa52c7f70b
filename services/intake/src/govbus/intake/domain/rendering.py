"""Computes the expressions of a mapping on one payload; what fails is a refusal that names the path."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from govbus.contracts.envelope import parse_time
from govbus.intake.domain.expressions import Expression, ExpressionFailed, Scope
from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.refusals import Place, Refused

_DETAIL_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Renderer:
    """Evaluates for one mapping, so that its name stands in every refusal."""

    mapping: Mapping

    def value(self, expression: Expression, scope: Scope) -> Any:
        """Return what an expression yields.

        Raises:
            Refused: `mapping_failed`, with the path of the missing field where that is why.
        """
        try:
            return expression.value(scope)
        except ExpressionFailed as error:
            raise self._failed(error) from None

    def holds(self, expression: Expression | None, scope: Scope) -> bool:
        """Return whether a condition holds; none always does."""
        return expression is None or self.value(expression, scope) is True

    def text(self, expression: Expression, scope: Scope) -> str:
        """Return a value that must be text: a number or null there is a mistake, and its text would be a guess."""
        value = self.value(expression, scope)
        if not isinstance(value, str) or not value:
            told = f"mapping {self.mapping.name}: {expression.text} is not a text"
            raise Refused("mapping_failed", told, _place(expression, scope, "not a text, or empty"))
        return value

    def items(self, expression: Expression, scope: Scope) -> list[Any]:
        """Return a value that must be a list."""
        value = self.value(expression, scope)
        if not isinstance(value, list):
            told = f"mapping {self.mapping.name}: {expression.text} is not a list"
            raise Refused("mapping_failed", told, _place(expression, scope, "not a list"))
        return value

    def moment(self, expression: Expression, scope: Scope) -> datetime:
        """Return a value that must be a time in RFC 3339."""
        written = self.text(expression, scope)
        try:
            return parse_time(written)
        except ValueError as error:
            told = f"{expression.text}: {error}"[:_DETAIL_CHARACTERS]
            raise Refused("mapping_failed", told, _place(expression, scope, str(error)[:200])) from None

    def rendered(self, template: Any, scope: Scope) -> Any:
        """Return the template with its expressions computed; a key that ends in `?` is left out without a value."""
        if isinstance(template, Expression):
            return self.value(template, scope)
        if isinstance(template, tuple):
            return [self.rendered(item, scope) for item in template]
        if not isinstance(template, dict):
            return template
        members: dict[str, Any] = {}
        for key, item in template.items():
            if not key.endswith("?"):
                members[key] = self.rendered(item, scope)
                continue
            value = self._optional(item, scope)
            if value is not None and value not in ("", [], {}):
                members[key.removesuffix("?")] = value
        return members

    def _optional(self, template: Any, scope: Scope) -> Any:
        if not isinstance(template, Expression):
            return self.rendered(template, scope)
        try:
            return template.value(scope)
        except ExpressionFailed as error:
            if error.pointer is None:
                raise self._failed(error) from None
            return None

    def _failed(self, error: ExpressionFailed) -> Refused:
        places = (Place(error.pointer, "the mapping needs it and it is missing"),) if error.pointer else ()
        told = f"mapping {self.mapping.name} {self.mapping.version}: {error}"
        return Refused("mapping_failed", told[:_DETAIL_CHARACTERS], places)


def _place(expression: Expression, scope: Scope, detail: str) -> tuple[Place, ...]:
    pointer = expression.pointer_in(scope)
    return (Place(pointer, detail),) if pointer else ()
