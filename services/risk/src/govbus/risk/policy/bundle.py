"""A policy bundle: rules from a folder, compiled, named by the digest of what they say."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cel_expr_python import cel
from pydantic import TypeAdapter

from govbus.contracts import strict_json
from govbus.risk.domain.decision import Reason
from govbus.risk.domain.document import Document
from govbus.risk.policy.conditions import Compiler, ConditionFailed, holds, render
from govbus.risk.policy.rule import BundleRefused, Rule, read_rules
from govbus.risk.policy.schema import DocumentSchema

_DOCUMENT: Final = TypeAdapter(Document)

MOST_RULES: Final = 500
"""A decision evaluates every rule, and its event carries one reason each: the contract allows 500."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to run."""

    rule: Rule
    applies: cel.Expression
    require: cel.Expression
    slots: Mapping[str, cel.Expression]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Compiled rules; `digest` is the same exactly when what they say is the same, in whatever order or files."""

    digest: str
    rules: tuple[CompiledRule, ...]
    files: Mapping[str, str]
    schema: DocumentSchema

    def reasons(self, document: Document) -> tuple[Reason, ...]:
        """Return what the rules say of the document; the order of rules changes nothing.

        A rule that cannot be evaluated denies, in its own name: a gate in doubt stays shut.
        """
        activation = self.schema.activation(document)
        spoken = (_evaluate(compiled, activation) for compiled in self.rules)
        return tuple(reason for reason in spoken if reason)


def load_bundle(files: Mapping[str, str], bound_names: tuple[str, ...]) -> Bundle:
    """Return the bundle written in `files` (name → YAML text).

    Raises:
        BundleRefused: with every problem found, each with file, line and column.
    """
    rules: list[Rule] = []
    problems: list[str] = []
    for name, text in sorted(files.items()):
        try:
            rules += read_rules(name, text)
        except BundleRefused as refused:
            problems += refused.problems
    problems += _inconsistencies(rules)
    schema = DocumentSchema(bound_names)
    compiler = Compiler(schema)
    compiled = []
    for rule in sorted(rules, key=lambda rule: rule.id):
        try:
            compiled.append(_compile(compiler, rule))
        except BundleRefused as refused:
            problems += refused.problems
    if problems:
        raise BundleRefused(tuple(problems))
    return Bundle(_digest(rules), tuple(compiled), dict(files), schema)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the YAML files of a bundle's folder, by name.

    Raises:
        BundleRefused: no such folder.
    """
    if not folder.is_dir():
        raise BundleRefused((f"{folder.name}: no such folder of rules",))
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


def as_json(document: Document) -> dict[str, Any]:
    """Return the document as a JSON object, for the decision's record."""
    dumped: dict[str, Any] = _DOCUMENT.dump_python(document, mode="json")
    return dumped


def _compile(compiler: Compiler, rule: Rule) -> CompiledRule:
    problems: list[str] = []
    found: list[cel.Expression] = []
    for written in (rule.applies, rule.require):
        try:
            found.append(compiler.condition(written))
        except BundleRefused as refused:
            problems += refused.problems
    slots: Mapping[str, cel.Expression] = {}
    try:
        slots = compiler.slots(rule.message)
    except BundleRefused as refused:
        problems += refused.problems
    if problems:
        raise BundleRefused(tuple(problems))
    return CompiledRule(rule, found[0], found[1], slots)


def _evaluate(compiled: CompiledRule, activation: Mapping[str, Any]) -> Reason | None:
    rule = compiled.rule
    try:
        if not holds(compiled.applies, activation) or holds(compiled.require, activation):
            return None
    except ConditionFailed as failed:
        message = f"{render(rule.message.text, compiled.slots, activation)} (the rule could not be evaluated: {failed})"
        return Reason(rule.id, "deny", message, rule.remedy, rule.sources)
    return Reason(
        rule.id,
        rule.otherwise,
        render(rule.message.text, compiled.slots, activation),
        rule.remedy,
        rule.sources,
    )


def _inconsistencies(rules: list[Rule]) -> list[str]:
    first: dict[str, Rule] = {}
    found = [] if rules else ["the bundle has no rule: it would allow everything"]
    if len(rules) > MOST_RULES:
        found.append(f"{len(rules)} rules, more than the {MOST_RULES} a decision may list")
    for rule in rules:
        if rule.id in first:
            found.append(f"{rule.place}: rule {rule.id!r} stands at {first[rule.id].place} already")
        first.setdefault(rule.id, rule)
    return found


def _digest(rules: list[Rule]) -> str:
    said = [rule.canonical() for rule in sorted(rules, key=lambda rule: rule.id)]
    return "sha256:" + hashlib.sha256(strict_json.dump_sorted(said)).hexdigest()
