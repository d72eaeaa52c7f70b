"""Composition root of intake."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI

from govbus.contracts import topics
from govbus.eventing.service import Service
from govbus.intake.admission import Admission
from govbus.intake.api import (
    credentials,
    erasures,
    events,
    handshaking,
    imports,
    keys,
    lineage,
    registering,
    rejected,
    signature_keys,
    source_changes,
    sources,
    webhooks,
)
from govbus.intake.api.body_room import Room, SharedRoom
from govbus.intake.api.handshaking import Handshaking
from govbus.intake.api.proxies import TrustedProxies
from govbus.intake.api.signed import SignedDeliveries
from govbus.intake.callers import Callers
from govbus.intake.confirming import Confirmer
from govbus.intake.handlers import on_any_record, topics_of_platforms
from govbus.intake.installed_mappings import DELIVERED, InstalledMappings
from govbus.intake.metrics import IntakeMetrics
from govbus.intake.rates import Rates
from govbus.intake.read_ahead import ReadAhead
from govbus.intake.reception import Reception
from govbus.intake.sealing import Sealer, load_key
from govbus.intake.settings import Settings
from govbus.intake.signature_watch import SignatureWatch
from govbus.intake.trimming import Trimming
from govbus.intake.watching import Watch

_COUNTS_SECONDS: Final = 2.0
_SUMMARY_SECONDS: Final = 5.0
_FORGET_SECONDS: Final = 3600.0
_WATCH_SECONDS: Final = 2.0
_MAPPINGS_SECONDS: Final = 2.0
_SIGNATURES_SECONDS: Final = 60.0


def build_app(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """Return the service: nothing connects before it starts. `clock` gives aware UTC."""
    service = Service("intake", settings)
    sealer = Sealer(load_key(settings.key_file))
    mappings = InstalledMappings(settings.intake_mappings_directory or DELIVERED, settings.own_mappings)
    metrics = IntakeMetrics(service.registry)
    rates = Rates(settings.intake_events_per_second, clock)
    reception = Reception(service.transaction, Admission(sealer, clock), mappings, clock, metrics, rates)
    callers = Callers(service.access, service.engine, clock, reception.refuse_unknown, reception.check_rate)
    deliveries = SignedDeliveries(reception, sealer, _proxies(settings))
    handshakes = Handshaking(reception, sealer, Confirmer())
    _consume(service, settings, reception, ReadAhead(settings.reading_processes_count, clock))
    _schedule(service, reception, Watch(service.transaction, clock, settings.intake_gap_settle_seconds))
    service.every("trimming", settings.intake_trim_seconds, Trimming(settings, service.transaction).trim)
    service.every("changed mapping files", _MAPPINGS_SECONDS, mappings.reload)
    app = service.app(
        events.router(reception, callers),
        webhooks.router(reception, callers, deliveries, handshakes),
        handshaking.router(reception, callers, handshakes),
        imports.router(reception, callers),
        lineage.router(reception, callers),
        registering.router(reception, callers, sealer),
        sources.router(reception, callers),
        source_changes.router(reception, callers),
        credentials.router(reception, callers),
        signature_keys.router(reception, callers, sealer),
        rejected.router(reception, callers),
        keys.router(reception, callers, sealer),
        erasures.router(reception, callers),
    )
    app.add_middleware(SharedRoom, room=Room(settings.intake_bodies_bytes, reception.refuse_overload))
    app.state.reception = reception
    app.state.callers = callers
    return app


def _consume(service: Service, settings: Settings, reception: Reception, ahead: ReadAhead) -> None:
    """Have Kafka's records read, by processes of their own where the settings say so."""
    service.closes(ahead.close)
    service.consume_each_raw(
        topics.AUDIT,
        *(topics.intake_topic(name) for name in settings.intake_kafka_sources),
        handler=on_any_record(reception, ahead),
        prepare=ahead.prepare,
        discover=topics_of_platforms(reception, settings.intake_kafka_sources),
    )


def _proxies(settings: Settings) -> TrustedProxies:
    secret = settings.intake_proxy_secret.get_secret_value()
    return TrustedProxies(settings.intake_proxy_networks, secret, settings.intake_proxy_certificate_header)


def _schedule(service: Service, reception: Reception, watch: Watch) -> None:
    """Let the clock's work be done while the service runs."""
    service.every("refusal counts", _COUNTS_SECONDS, reception.write_counts)
    service.every("refusal summaries", _SUMMARY_SECONDS, reception.summarise)
    service.every("forgetting refused input", _FORGET_SECONDS, reception.forget)
    service.every("signatures that are missing or end", _SIGNATURES_SECONDS, SignatureWatch(reception).say)
    service.every("gaps in sequences", _WATCH_SECONDS, watch.report_gaps)
    service.every("silent sources", _WATCH_SECONDS, watch.report_silences)
    service.every("forgetting idempotency keys", _FORGET_SECONDS, watch.forget_keys)
