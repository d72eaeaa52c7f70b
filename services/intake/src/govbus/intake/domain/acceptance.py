"""Turning what is admitted into facts, and telling new ones from retries and from reused identities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from govbus.contracts import catalogue
from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity
from govbus.intake.domain.personal_fields import check_personal
from govbus.intake.domain.placing import place
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Draft
from govbus.intake.domain.source import Source


class Verdict(Enum):
    """What became of one admitted fact."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    ID_REUSED = "id_reused"


@dataclass(frozen=True, slots=True)
class Fact:
    """An admitted event: placed, attributed, with its identity and the digest of what was said."""

    event: Event
    identity: bytes
    digest: bytes

    @property
    def position(self) -> str:
        """The opaque position told to the emitter."""
        return self.identity.hex()


def attribute(draft: Draft, source: Source, recorded_at: datetime) -> Fact:
    """Return the fact that `source` said: under its governed subject, with who said it and when we knew.

    A known type without `dataschema` gets that of the contract it was held to; the digest is of what was said before.

    Raises:
        Refused: `too_large` for this source, or see `place`.
    """
    limit_bytes = source.limits.event_bytes
    if limit_bytes is not None and len(draft.event.data) > limit_bytes:
        raise Refused("too_large", f"the data have {len(draft.event.data)} bytes, {source.name} may send {limit_bytes}")
    said = draft.event
    subject = place(said, source)
    declared = catalogue.find(said.type)
    event = said.changed(
        subject=subject,
        dataschema=said.dataschema or (declared.schema_address if declared else None),
        recordedtime=recorded_at,
        authtype=source.auth_type,
        authid=source.uri,
        actorassurance="authenticated",
        dataclassification=said.dataclassification or "internal",
    )
    check_personal(event)
    return Fact(event, event_identity(event), draft.digest)


def judge(fact: Fact, known: Mapping[bytes, bytes]) -> Verdict:
    """Return what the register of accepted facts (identity → digest) says of one more."""
    earlier = known.get(fact.identity)
    if earlier is None:
        return Verdict.ACCEPTED
    return Verdict.DUPLICATE if earlier == fact.digest else Verdict.ID_REUSED


def judge_all(facts: Sequence[Fact], known: Mapping[bytes, bytes]) -> list[Verdict]:
    """Return the verdicts on one batch: an identity that stands twice in it is judged against its first."""
    fresh: dict[bytes, bytes] = {}
    verdicts = []
    for fact in facts:
        verdict = judge(fact, fresh if fact.identity in fresh else known)
        if verdict is Verdict.ACCEPTED:
            fresh[fact.identity] = fact.digest
        verdicts.append(verdict)
    return verdicts


def reused(fact: Fact) -> Refused:
    """Return the refusal of an identity that was used before with other content."""
    event = fact.event
    return Refused("id_reused", f"({event.source}, {event.type}, {event.id}) was accepted before, with other content")
