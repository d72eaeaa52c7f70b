"""Loading of the rule data in the policies folder: taxonomy and bounds, checked, named by digest."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from govbus.contracts import strict_json
from govbus.risk.domain.bounds import Bounds, MonitorBounds, ValidationBounds
from govbus.risk.domain.folding import RuleData
from govbus.risk.domain.taxonomy import TIERS, Taxonomy, Tier

T = TypeVar("T")


class RuleDataRefused(ValueError):
    """Rule data that cannot be used; the message names file and place."""


def load_rule_data(policies: Path) -> RuleData:
    """Return taxonomy and bounds from the policies folder.

    Raises:
        RuleDataRefused: a file is absent, is not YAML, or says something the model of it does not know.
    """
    taxonomy_written = _read(policies / "taxonomy.yaml")
    taxonomy = _parse(TypeAdapter(Taxonomy), taxonomy_written, "taxonomy.yaml")
    taxonomy = replace(taxonomy, digest=_digest(taxonomy_written))
    bounds = _load_bounds(policies / "bounds")
    faults = (*taxonomy.faults(), *bounds.faults())
    if faults:
        raise RuleDataRefused("; ".join(faults))
    return RuleData(taxonomy, bounds)


def _load_bounds(folder: Path) -> Bounds:
    written = {name: _read(folder / f"{name}.yaml") for name in ("values", "validation", "monitoring")}
    values = _parse(TypeAdapter(dict[str, dict[Tier, float]]), written["values"], "bounds/values.yaml")
    for name, by_tier in values.items():
        missing = [tier for tier in TIERS if tier not in by_tier]
        if missing or not name.isidentifier():
            raise RuleDataRefused(f"bounds/values.yaml: {name}: no value for {', '.join(missing) or 'such a name'}")
    shared = written["monitoring"].get("defaults", {}) if isinstance(written["monitoring"], dict) else {}
    return Bounds(
        values=values,
        validation=_parse(TypeAdapter(ValidationBounds), written["validation"], "bounds/validation.yaml"),
        monitoring=_parse(
            TypeAdapter(MonitorBounds), _with_defaults(written["monitoring"], shared), "bounds/monitoring.yaml"
        ),
        digest=_digest(written),
    )


def _with_defaults(written: Any, shared: dict[str, Any]) -> Any:
    """Return monitoring bounds in which a partial `hysteresis` is completed from the defaults."""
    if not isinstance(written, dict) or not isinstance(written.get("figures"), list):
        return written
    figures = [
        {**figure, "hysteresis": {**shared, **figure["hysteresis"]}} if "hysteresis" in figure else figure
        for figure in written["figures"]
    ]
    return {**written, "figures": figures}


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RuleDataRefused(
            f"{path} is not there: set GOVBUS_RISK_POLICIES_DIRECTORY to the policies folder"
        ) from None
    except yaml.YAMLError as error:
        raise RuleDataRefused(f"{path.name} is not YAML: {error}") from None


def _parse(adapter: TypeAdapter[T], written: Any, file: str) -> T:
    try:
        return adapter.validate_python(written)
    except ValidationError as error:
        places = (f"{file}/{'/'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise RuleDataRefused("; ".join(places)) from None


def _digest(written: Any) -> str:
    return "sha256:" + hashlib.sha256(strict_json.dump_sorted(written)).hexdigest()
