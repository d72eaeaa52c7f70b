"""Reads a mapping file: YAML in, compiled `Mapping` out, or a sentence that says what is wrong where."""

import hashlib
from typing import Any, Final

import yaml

from govbus.contracts import catalogue, types
from govbus.intake.domain.expressions import Expression, compiled
from govbus.intake.domain.mapping import Mapping, Rule

DECODERS: Final = ("json",)
"""Decoders are code, mappings are not: each is named here once it exists."""

_FILE_KEYS: Final = {
    "name",
    "version",
    "describes",
    "decoder",
    "delivery",
    "time",
    "requires",
    "carried_types",
    "rules",
}
_RULE_KEYS: Final = {"name", "when", "ignore", "for_each", "type", "subject", "time", "data"}
_SUBJECT_KINDS: Final = frozenset({"model", "system", "dataset", "external"})


class MappingInvalid(ValueError):
    """A mapping file that cannot be used; the message names file and place."""


def read_mapping(raw: bytes, origin: str) -> Mapping:
    """Return the mapping in the bytes of a YAML file; its digest covers every byte.

    Raises:
        MappingInvalid: unknown or missing keys, an expression that does not compile, an unknown fact type.
    """
    try:
        document = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise MappingInvalid(f"{origin}: not YAML: {error}") from None
    try:
        return _mapping(_object(document, _FILE_KEYS, "the file"), hashlib.sha256(raw).hexdigest())
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise MappingInvalid(f"{origin}: {reason}") from None


def _mapping(document: dict[str, Any], digest: str) -> Mapping:
    if document.get("decoder", "json") not in DECODERS:
        raise ValueError(f"decoder {document['decoder']!r} is none of {', '.join(DECODERS)}")
    return Mapping(
        name=str(document["name"]),
        version=str(document["version"]),
        digest=digest,
        delivery=_optional(document.get("delivery")),
        time=compiled(document["time"]),
        requires=tuple(compiled(text) for text in document.get("requires", ())),
        rules=tuple(_rule(rule, index) for index, rule in enumerate(document["rules"])),
        carried_types=tuple(document.get("carried_types", ())),
    )


def _rule(document: Any, index: int) -> Rule:
    where = f"rules[{index}]"
    rule = _object(document, _RULE_KEYS, where)
    name = str(rule.get("name", where))
    when = _optional(rule.get("when"))
    if "ignore" in rule:
        return Rule(name=name, when=when, ignore=str(rule["ignore"]))
    declared = catalogue.find(types.full_name(rule["type"]))
    if declared is None or not declared.is_fact:
        raise ValueError(f"{where}: {rule['type']!r} is not a fact that Govbus knows")
    ((kind, subject_name),) = rule["subject"].items()
    if kind not in _SUBJECT_KINDS:
        raise ValueError(f"{where}: subject kind {kind!r} is none of {', '.join(sorted(_SUBJECT_KINDS))}")
    return Rule(
        name=name,
        when=when,
        for_each=_optional(rule.get("for_each")),
        type=rule["type"],
        subject_kind=kind,
        subject_name=compiled(subject_name),
        time=_optional(rule.get("time")),
        data=_template(rule["data"], where),
    )


def _template(value: Any, where: str) -> Any:
    if isinstance(value, str):
        return compiled(value)
    if isinstance(value, dict):
        return {str(key): _template(item, f"{where}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_template(item, where) for item in value)
    if isinstance(value, bool | int | float):
        return value
    raise ValueError(f"{where}: {value!r} is neither an expression, a number, a list nor an object")


def _optional(text: str | None) -> Expression | None:
    return None if text is None else compiled(text)


def _object(value: Any, known: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} is not an object")
    unknown = set(value) - known
    if unknown:
        raise ValueError(f"{where}: unknown key {min(unknown)!r}")
    return value
