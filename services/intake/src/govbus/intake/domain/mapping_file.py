"""Reads a mapping file: YAML in, compiled `Mapping` out, or a sentence that says what is wrong where."""

import hashlib
import re
from collections.abc import Mapping as Dictionary
from typing import Any, Final

import yaml

from govbus.contracts import catalogue, types
from govbus.intake.domain.applying import NAMESPACED_KINDS, SHARED_KINDS
from govbus.intake.domain.decoding import decoder_of
from govbus.intake.domain.expressions import DEFINED, Expression, compiled
from govbus.intake.domain.mapping import Definitions, FactTemplate, Inner, Mapping, Rule
from govbus.intake.domain.redaction import redacted_path

IGNORE_REASONS: Final = frozenset({"test_delivery", "inference_traffic", "handshake"})
"""Why a delivery may be taken without a fact: a closed list, so that nothing of governance slips through it."""

_FILE_KEYS: Final = frozenset(
    {
        *("name", "version", "describes", "decoder", "match", "split", "delivery", "time", "requires", "redact"),
        *("define", "carried_types", "rules"),
    }
)
_FACT_KEYS: Final = frozenset({"when", "for_each", "define", "type", "subject", "time", "data"})
_RULE_KEYS: Final = _FACT_KEYS | {"name", "ignore", "facts", "inner", "read_by", "headers", "otherwise"}
_SUBJECT_KINDS: Final = NAMESPACED_KINDS | SHARED_KINDS | {"external", "stated"}
_QUOTE: Final = "an expression that holds `: `, or inside braces `?` or `,`, stands in quotes or after >-"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DEFINED_NAME: Final = re.compile(r"[A-Za-z_]\w*")


class MappingInvalid(ValueError):
    """A mapping file that cannot be used; the message names file and place."""


def read_mapping(raw: bytes, origin: str) -> Mapping:
    """Return the mapping in the bytes of a YAML file; its digest covers every byte.

    Raises:
        MappingInvalid: unknown or missing keys, an expression that does not compile, an unknown fact type.
    """
    try:
        document = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingInvalid(f"{origin}: not YAML ({_QUOTE}): {error}") from None
    try:
        return _mapping(_object(document, _FILE_KEYS, "the file"), hashlib.sha256(raw).hexdigest())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise MappingInvalid(f"{origin}: {reason}") from None


def _mapping(document: dict[str, Any], digest: str) -> Mapping:
    name = str(document["name"])
    if not _NAME.fullmatch(name):
        raise ValueError(f"name {name[:80]!r}: 1 to 63 of a-z 0-9 _ -")
    _check_mentions(document)
    rules = tuple(_rule(rule, f"rules[{index}]") for index, rule in enumerate(document["rules"]))
    if not rules:
        raise ValueError("rules: there is none")
    return Mapping(
        name=name,
        version=str(document["version"]),
        digest=digest,
        decoder=decoder_of(document.get("decoder", "json")),
        match=_optional(document.get("match"), "match"),
        split=_optional(document.get("split"), "split"),
        delivery=_optional(document.get("delivery"), "delivery"),
        time=_compiled(document["time"], "time"),
        requires=tuple(_compiled(text, "requires") for text in document.get("requires", ())),
        redact=tuple(redacted_path(text) for text in document.get("redact", ())),
        define=_definitions(document.get("define", {}), "define"),
        rules=rules,
        carried_types=tuple(document.get("carried_types", ())),
    )


def _rule(document: Any, where: str) -> Rule:
    rule = _object(document, _RULE_KEYS, where)
    name = str(rule.get("name", where))
    kinds = [key for key in ("ignore", "facts", "inner", "type") if key in rule]
    if len(kinds) != 1:
        raise ValueError(f"{where}: one of ignore, facts, inner or type says what it becomes; found {kinds or 'none'}")
    when = _optional(rule.get("when"), where)
    if "ignore" in rule:
        return Rule(name, when, ignore=_ignored(str(rule["ignore"]), where))
    if "inner" in rule:
        return Rule(name, when, inner=_inner(rule, where))
    if "facts" in rule:
        facts = tuple(_fact(fact, f"{where}.facts[{index}]") for index, fact in enumerate(rule["facts"]))
        return Rule(name, when, facts=facts)
    return Rule(name, when, facts=(_fact({key: rule[key] for key in rule if key in _FACT_KEYS - {"when"}}, where),))


def _ignored(reason: str, where: str) -> str:
    if reason not in IGNORE_REASONS:
        raise ValueError(f"{where}: ignore {reason!r} is none of {', '.join(sorted(IGNORE_REASONS))}")
    return reason


def _inner(rule: Dictionary[str, Any], where: str) -> Inner:
    return Inner(
        bodies=_compiled(rule["inner"], where),
        read_by=tuple(str(name) for name in rule.get("read_by", ())),
        headers=_optional(rule.get("headers"), where),
        otherwise=_fact(rule["otherwise"], f"{where}.otherwise") if "otherwise" in rule else None,
    )


def _fact(document: Any, where: str) -> FactTemplate:
    fact = _object(document, _FACT_KEYS, where)
    declared = catalogue.find(types.full_name(fact["type"]))
    if declared is None or not declared.is_fact:
        raise ValueError(f"{where}: {fact['type']!r} is not a fact that Govbus knows")
    if not isinstance(fact["subject"], dict) or len(fact["subject"]) != 1:
        raise ValueError(f"{where}: subject is one key and its expression, such as {{model: body.name}}")
    ((kind, subject_name),) = fact["subject"].items()
    if kind not in _SUBJECT_KINDS:
        raise ValueError(f"{where}: subject kind {kind!r} is none of {', '.join(sorted(_SUBJECT_KINDS))}")
    return FactTemplate(
        type=fact["type"],
        subject_kind=kind,
        subject_name=_compiled(subject_name, where),
        data=_template(fact["data"], where),
        when=_optional(fact.get("when"), where),
        for_each=_optional(fact.get("for_each"), where),
        define=_definitions(fact.get("define", {}), where),
        time=_optional(fact.get("time"), where),
    )


def _definitions(document: Any, where: str) -> Definitions:
    """Return named expressions; one that mentions itself, however far round, would never end."""
    found = {str(name): _compiled(text, f"{where}/{name}") for name, text in document.items()}
    for name in found:
        if not _DEFINED_NAME.fullmatch(name):
            raise ValueError(f"{where}: {name!r} is not a name that my.<name> can mention")
        _check_ends(name, found, ())
    return found


def _check_ends(name: str, definitions: Definitions, above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"define: {' → '.join((*above, name))} mentions itself")
    for used in definitions[name].uses if name in definitions else ():
        _check_ends(used, definitions, (*above, name))


def _check_mentions(document: Any) -> None:
    """Refuse a `my.<name>` that nobody defines: under a key that ends in `?` it would be left out in silence."""
    mentioned: set[str] = set()
    defined: set[str] = set()
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            mentioned.update(DEFINED.findall(value))
        elif isinstance(value, dict):
            defined.update(value["define"] if isinstance(value.get("define"), dict) else ())
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    if mentioned - defined:
        raise ValueError(f"my.{min(mentioned - defined)} is mentioned and defined nowhere")


def _template(value: Any, where: str) -> Any:
    if isinstance(value, str):
        return _compiled(value, where)
    if isinstance(value, dict):
        return {str(key): _template(item, f"{where}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_template(item, where) for item in value)
    if isinstance(value, bool | int | float):
        return value
    raise ValueError(f"{where}: {value!r} is neither an expression, a number, a list nor an object")


def _optional(text: Any, where: str) -> Expression | None:
    return None if text is None else _compiled(text, where)


def _compiled(text: Any, where: str) -> Expression:
    try:
        return compiled(text if isinstance(text, str) else str(text).lower())
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _object(value: Any, known: frozenset[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} is not an object")
    unknown = set(value) - known
    if unknown:
        raise ValueError(f"{where}: unknown key {min(unknown)!r}")
    return value
