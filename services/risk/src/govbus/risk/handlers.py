"""Kafka edge of risk: facts are folded, incidents noted, deployment requests decided, receipts kept."""

from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.incident import IncidentOpened, IncidentResolved
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.conclusions.scoring import RiskScored
from govbus.contracts.facts.deployment import DeploymentRequested
from govbus.contracts.identity import computed_id, event_identity
from govbus.contracts.making import conclude
from govbus.contracts.topics import OVERSIGHT, RISK
from govbus.eventing import rebuilding
from govbus.eventing.delivery import Delivery
from govbus.risk.deciding import Decider, record
from govbus.risk.domain.decision import STATE_STALE
from govbus.risk.domain.document import Question
from govbus.risk.domain.folding import FOLDED, RuleData, fold, version_spoken_of
from govbus.risk.receipts import decision_event_in
from govbus.risk.store import decisions, incidents, subjects

NAME = "risk"


class Handlers:
    """Handlers of risk's topics; each works in the transaction of its delivery."""

    def __init__(self, data: RuleData, decider: Decider) -> None:
        """Fold with this rule data, decide with this decider."""
        self._data = data
        self._decider = decider

    async def on_fact(self, delivery: Delivery) -> None:
        """Fold a fact into its subject's state, or decide the deployment it asks for."""
        if isinstance(delivery.payload, DeploymentRequested):
            await self._on_deployment_requested(delivery, delivery.payload)
        elif isinstance(delivery.payload, FOLDED):
            await self._on_folded(delivery, delivery.payload)

    async def on_oversight(self, delivery: Delivery) -> None:
        """Note which incidents stand open: the gate asks, the score does not."""
        match delivery.payload:
            case IncidentOpened():
                await incidents.open_incident(delivery.connection, delivery.payload, delivery.event.known_at)
            case IncidentResolved():
                await incidents.resolve_incident(
                    delivery.connection, delivery.payload.incident_id, delivery.event.known_at
                )
            case _:
                pass

    async def on_audit(self, delivery: Delivery) -> None:
        """Note where in the audit log one's own decisions lie, and the checkpoint that covers them."""
        match delivery.payload:
            case EntryPublished():
                event_id = decision_event_in(delivery.payload.entry)
                if event_id:
                    await decisions.note_index(delivery.connection, event_id, delivery.payload.index)
            case CheckpointPublished():
                await decisions.note_checkpoint(delivery.connection, delivery.payload.origin, delivery.payload.size)
            case _:
                pass

    async def _on_folded(self, delivery: Delivery, fact: Payload) -> None:
        cause = delivery.event
        before = await subjects.load(delivery.connection, cause.subject, version_spoken_of(fact))
        step = fold(before, fact, cause.id, cause.known_at, self._data)
        if step.state != before:
            await subjects.save(delivery.connection, cause.subject, before, step.state, cause)
        for payload in step.conclusions:
            concluded = conclude(NAME, cause.subject, payload, cause)
            delivery.outbox.append(concluded, RISK)
            if isinstance(payload, RiskScored):
                await subjects.add_score(delivery.connection, concluded)

    async def _on_deployment_requested(self, delivery: Delivery, fact: DeploymentRequested) -> None:
        cause = delivery.event
        question = Question(cause.subject, fact.version, fact.environment, fact.requested_by, cause.known_at)
        guards = [STATE_STALE] if await rebuilding.consumes_again(delivery.connection, OVERSIGHT) else []
        verdict = await self._decider.verdict(delivery.connection, question, guards)
        await record(
            delivery.connection,
            delivery.outbox,
            question,
            verdict,
            decision_id=computed_id(NAME, "release.decided", event_identity(cause)),
            asked_by=cause.authid or cause.source,
            via="event",
            event=lambda said: conclude(NAME, cause.subject, said, cause),
        )
