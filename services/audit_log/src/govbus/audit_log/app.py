"""Composition root of the audit log."""

from datetime import UTC, datetime

from fastapi import FastAPI

from govbus.audit_log.api import entries, places, proofs, static, stream, trace
from govbus.audit_log.api.disclosure import Disclosure
from govbus.audit_log.closing import ClosedWatch
from govbus.audit_log.comparing import Comparison
from govbus.audit_log.copying import Copying
from govbus.audit_log.evidencing import add_evidence
from govbus.audit_log.frozen import free_head
from govbus.audit_log.guarding import add_guards
from govbus.audit_log.handing_out import add_exports
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.keys import load_keys
from govbus.audit_log.losses import Losses
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.progress import Progress
from govbus.audit_log.published import PublishedCheckpoints
from govbus.audit_log.publishing import Publisher
from govbus.audit_log.settings import Settings
from govbus.audit_log.signing import Signer
from govbus.audit_log.standing import Standing
from govbus.audit_log.watching import add_witnesses
from govbus.audit_log.wording import WordIndex
from govbus.contracts import topics
from govbus.eventing.service import Service

CLOSED_SECONDS = 1.0
"""How soon a running log notices that it was closed beside it; the database refuses to append at once."""


def build_app(settings: Settings) -> FastAPI:
    """Return the application; nothing connects before it starts.

    Raises:
        StartRefused: a key or a policy cannot be used as it is.
    """
    service = Service("audit_log", settings)
    standing = Standing(service.registry)
    standing.tell(lambda reason: setattr(service, "refusal", reason))
    keys = load_keys(settings, make=True)
    copied_to = [CopyPlace(url) for url in settings.copies]
    sequencer = Sequencer(standing, service.registry)
    topic = PublishedCheckpoints(settings) if settings.audit_log_compare_topic else None
    comparison = Comparison(service.engine, keys, topic, copied_to, standing)
    after_topic_seconds = settings.audit_log_copies_after_topic_seconds
    copying = Copying(service.engine, copied_to, comparison, standing, after_topic_seconds, service.registry)
    signer = Signer(service.engine, keys, comparison, standing, service.registry)
    publisher = Publisher(settings, service.engine, standing, service.registry)
    progress = Progress(service.engine, service.registry)
    words = WordIndex(service.engine, settings.audit_log_words_share_ratio, service.registry)
    disclosure = Disclosure(service, sequencer, settings.audit_log_origin, lambda: datetime.now(UTC))
    streams = stream.Streams(service.engine, progress, disclosure, settings)
    losses = Losses(sequencer, settings.audit_log_origin, lambda: datetime.now(UTC), service.registry)
    service.consume_raw(*topics.LOGGED, sequencer=sequencer.on_records, on_lost=losses.put_on_record)
    interval_seconds = settings.audit_log_checkpoint_interval_seconds
    service.every("checkpoint", interval_seconds, signer.round)
    service.every("publish", settings.retry_initial_seconds, publisher.run)
    service.every("progress", interval_seconds, progress.refresh)
    service.every("copy", settings.audit_log_outside_interval_seconds, copying.round)
    service.every("words", settings.audit_log_words_interval_seconds, words.round)
    service.every("closed", CLOSED_SECONDS, ClosedWatch(service.engine, standing).look)
    service.every("frozen", settings.progress_poll_seconds, lambda: free_head(service.engine))
    reader = service.access.require("viewer") if not settings.audit_log_public else anyone
    return service.app(
        static.router(service.engine, keys.signing, reader),
        proofs.router(service.engine, reader),
        entries.router(service.engine, service.access, disclosure),
        trace.router(service.engine, service.access),
        places.router(service.engine, service.access),
        stream.router(service.access, streams, settings),
        add_exports(service, settings, disclosure),
        add_witnesses(service, settings, keys, standing, reader),
        *add_guards(service, settings, sequencer, lambda: datetime.now(UTC)),
        *add_evidence(service, settings, sequencer, lambda: datetime.now(UTC)),
    )


async def anyone() -> None:
    """Let every reader in."""
