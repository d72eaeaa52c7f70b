"""What may be seen of a platform: its registration, what was heard of it, its numbers and its silence."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from govbus.contracts import topics
from govbus.contracts.envelope import format_time
from govbus.intake.domain.credential import Credential
from govbus.intake.domain.schemes import NONE
from govbus.intake.domain.sequence import Gap
from govbus.intake.domain.silence import Silence
from govbus.intake.domain.source import Source
from govbus.intake.store.sequences import Shown
from govbus.intake.store.source_changes import Change
from govbus.intake.store.sources import Activity, Registration


def source_document(registration: Registration, seen: Activity) -> dict[str, Any]:
    """Return a registration and what was seen of its platform."""
    source = registration.source
    return {
        "name": source.name,
        "source": source.uri,
        "namespace": source.namespace,
        "mapping": source.mapping,
        "internal": source.is_internal,
        "signature": _signature_document(source),
        "limits": asdict(source.limits),
        "types": list(source.types) if source.types is not None else None,
        "expected_interval_seconds": source.expected_interval_seconds,
        "replay_window_seconds": source.replay_window_seconds,
        "kafka": {"topic": topics.intake_topic(source.name)} if source.kafka else None,
        "registered_at": format_time(registration.registered_at),
        "registered_by": registration.registered_by,
        "removed_at": when(registration.removed_at),
        "removed_by": registration.removed_by,
        "last_seen_at": when(seen.last_seen_at),
        "counts": {
            "accepted": seen.accepted_count,
            "duplicate": seen.duplicate_count,
            "rejected": seen.rejected_count,
            "ignored": seen.ignored_count,
        },
    }


def state_document(
    counters: Sequence[Shown], gaps: Sequence[Gap], silence: Silence | None, changes: Sequence[Change]
) -> dict[str, Any]:
    """Return how a platform's counters stand, whether it is silent, and what was changed about it last."""
    return {
        "sequence": [
            {
                "source": one.uri,
                "highest": one.highest,
                "contiguous": one.contiguous,
                "missing_count": one.missing_count,
            }
            for one in counters
        ],
        "gaps": [
            {
                "source": gap.uri,
                "first_missing": gap.first,
                "last_missing": gap.last,
                "missing_count": gap.missing_count,
                "noticed_at": format_time(gap.noticed_at),
                "reported_at": when(gap.reported_at),
            }
            for gap in gaps
        ],
        "silent_since": when(silence.since) if silence else None,
        "changes": [{"at": format_time(one.changed_at), "by": one.changed_by, "change": one.change} for one in changes],
    }


def credential_document(credential: Credential) -> dict[str, Any]:
    """Return what may be shown of a credential."""
    return {
        "id": credential.id,
        "created_at": when(credential.created_at),
        "expires_at": when(credential.expires_at),
        "revoked_at": when(credential.revoked_at),
    }


def when(moment: datetime | None) -> str | None:
    """Return a time as it is shown, None where there is none."""
    return format_time(moment) if moment else None


def _signature_document(source: Source) -> dict[str, Any] | None:
    """Return how deliveries are authenticated, and aloud that they are not."""
    if source.signature_scheme is None:
        return None
    document: dict[str, Any] = {"scheme": source.signature_scheme}
    if source.signature_scheme == NONE:
        document["warning"] = "unsigned: anybody who reaches this address may deliver in this source's name"
    if source.signature_topics:
        document |= {"topics": list(source.signature_topics), "confirm": source.confirms}
    return document
