"""Composition root of risk."""

from datetime import UTC, datetime

from fastapi import FastAPI

from govbus.contracts import topics
from govbus.eventing.manifest import StartRefused
from govbus.eventing.service import Service
from govbus.risk import tables
from govbus.risk.activation import Policies
from govbus.risk.api import gate as gate_api
from govbus.risk.api import policies as policies_api
from govbus.risk.api import scores as scores_api
from govbus.risk.deciding import Decider
from govbus.risk.gate import Gate
from govbus.risk.handlers import NAME, Handlers
from govbus.risk.policy.bundle import read_folder
from govbus.risk.policy.rule import BundleRefused
from govbus.risk.rulebook import RuleDataRefused, load_rule_data
from govbus.risk.settings import Settings
from govbus.risk.shelf import Shelf

_SETTLE_SECONDS = 5.0
"""How soon the default bundle is tried again when the database was away at the start."""


def build_app(settings: Settings) -> FastAPI:
    """Return risk's application.

    Raises:
        StartRefused: taxonomy, bounds or the default bundle cannot be used; the message names file and place.
    """
    try:
        data = load_rule_data(settings.risk_policies_directory)
        shelf = Shelf(tuple(data.bounds.values))
        default = read_folder(settings.risk_policies_directory / "default")
        shelf.compile(default)
    except (RuleDataRefused, BundleRefused) as refused:
        raise StartRefused(f"the policies folder cannot be used: {refused}") from None
    service = Service(NAME, settings)
    decider = Decider(data, shelf)
    handlers = Handlers(data, decider)
    policies = Policies(service, shelf, _now)
    service.consume(topics.FACTS, handler=handlers.on_fact)
    service.consume(topics.OVERSIGHT, handler=handlers.on_oversight)
    service.consume(topics.AUDIT, handler=handlers.on_audit)
    service.rebuilds(*tables.FOLDED)
    service.every("default policy", _SETTLE_SECONDS, lambda: policies.settle_default(default))
    gate = Gate(
        service,
        decider,
        settings.gate_wait_seconds,
        settings.gate_max_lag_seconds,
        settings.gate_repeat_seconds,
        _now,
    )
    return service.app(
        gate_api.router(service, gate), policies_api.router(service, policies), scores_api.router(service)
    )


def _now() -> datetime:
    return datetime.now(UTC)
