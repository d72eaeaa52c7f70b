"""Reads what reports and figures are made by (`policies/frameworks/`, `policies/kpis.yaml`): data, not code."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from typing_extensions import override

from govbus.audit_log.domain.framework import Framework
from govbus.audit_log.domain.kpi import KpiSet
from govbus.audit_log.domain.relation import Link
from govbus.contracts import all_events, strict_json

T = TypeVar("T")

_RELATED: Final = "related.yaml"


class RuleFileRefused(ValueError):
    """A file that cannot be used; the message names file and place."""


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """What evidence packs are made by: frameworks by id, their digests, and where payloads name other subjects."""

    frameworks: Mapping[str, Framework]
    digests: Mapping[str, str]
    links: tuple[Link, ...]


class _PayloadSchemas(Mapping[str, Mapping[str, Any]]):
    """The JSON Schema of every event type's payload, made when it is asked for."""

    @override
    def __getitem__(self, name: str) -> Mapping[str, Any]:
        return _schemas_made(name)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(declared.name for declared in all_events.TYPES)

    @override
    def __len__(self) -> int:
        return len(all_events.TYPES)


SCHEMAS: Final = _PayloadSchemas()
"""Payloads of the event types that Govbus understands, by short name."""


def load_evidence_rules(folder: Path) -> EvidenceRules:
    """Return the frameworks of every YAML file in `folder`, and the links of its `related.yaml`.

    Raises:
        RuleFileRefused: no framework, not YAML, or a key, type or path that does not exist.
    """
    frameworks: dict[str, Framework] = {}
    digests: dict[str, str] = {}
    for file in sorted(set(folder.glob("*.yaml")) - {folder / _RELATED}):
        written = _read(file)
        framework = _parse(TypeAdapter(Framework), written, file.name)
        _refuse(file.name, framework.faults(SCHEMAS))
        if framework.id in frameworks:
            raise RuleFileRefused(f"{file.name}: another file has the framework {framework.id}")
        frameworks[framework.id], digests[framework.id] = framework, _digest(written)
    if not frameworks:
        raise RuleFileRefused(f"{folder} holds no framework: set GOVBUS_AUDIT_LOG_POLICIES_DIRECTORY")
    links = _parse(TypeAdapter(tuple[Link, ...]), _read(folder / _RELATED), _RELATED)
    _refuse(_RELATED, (f"{number}: {fault}" for number, link in enumerate(links) for fault in link.faults(SCHEMAS)))
    return EvidenceRules(frameworks, digests, links)


def load_kpis(file: Path) -> KpiSet:
    """Return the figures of a file.

    Raises:
        RuleFileRefused: not there, not YAML, or a key, type or path that does not exist.
    """
    written = _read(file)
    definitions = replace(_parse(TypeAdapter(KpiSet), written, file.name), digest=_digest(written))
    _refuse(file.name, definitions.faults(SCHEMAS))
    return definitions


def _refuse(file: str, faults: Iterable[str]) -> None:
    found = [f"{file}/{fault}" for fault in faults]
    if found:
        raise RuleFileRefused("; ".join(found))


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RuleFileRefused(f"{path}: {error.strerror}; set GOVBUS_AUDIT_LOG_POLICIES_DIRECTORY") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleFileRefused(f"{path.name} is not YAML: {error}") from None


def _parse(adapter: TypeAdapter[T], written: Any, file: str) -> T:
    try:
        return adapter.validate_python(written)
    except ValidationError as error:
        places = (f"{file}/{'/'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise RuleFileRefused("; ".join(places)) from None


@cache
def _schemas_made(name: str) -> Mapping[str, Any]:
    for declared in all_events.TYPES:
        if declared.name == name:
            return declared.payload.model_json_schema()
    raise KeyError(name)


def _digest(written: Any) -> str:
    return "sha256:" + hashlib.sha256(strict_json.dump_sorted(written)).hexdigest()
