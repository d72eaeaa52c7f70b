"""What the services must have concluded: their own pure domains, folded over the facts of the log by somebody else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from govbus.contracts.catalogue import read
from govbus.contracts.conclusions.incident import IncidentOpened
from govbus.contracts.conclusions.release import ReleaseAllowed, ReleaseBlocked
from govbus.contracts.envelope import Event
from govbus.contracts.facts.deployment import DeploymentRequested
from govbus.contracts.identity import computed_id, event_identity
from govbus.contracts.making import conclude, service_source
from govbus.inventory.announcing import announce
from govbus.inventory.domain.folding import decide, keys_of
from govbus.inventory.domain.record import Key, State
from govbus.inventory.statements import read_fact
from govbus.oversight import announcing
from govbus.oversight.domain.incident import open_incident
from govbus.oversight.domain.rules import Opens, rule_on
from govbus.oversight.rules_file import load_rules
from govbus.oversight.signals import signals_of
from govbus.risk.deciding import said_reasons
from govbus.risk.domain.decision import decide as judged
from govbus.risk.domain.decision import guarded
from govbus.risk.domain.document import Document, IncidentPart, Question, document
from govbus.risk.domain.folding import FOLDED, fold
from govbus.risk.domain.subject import SubjectState
from govbus.risk.policy.bundle import Bundle, as_json, load_bundle, read_folder
from govbus.risk.rulebook import load_rule_data


def inventory_conclusions(facts: Sequence[Event]) -> Iterator[Event]:
    """Yield what inventory must say of the facts, in their order."""
    records: dict[Key, State] = {}
    for event in facts:
        fact = read_fact(event, read(event))
        if fact is None:
            continue
        known = {key: records[key] for key in keys_of(fact) if key in records}
        outcome = decide(fact, known)
        if outcome.step is not None:
            records[outcome.step.after.key] = outcome.step.after
        yield from announce(outcome, event)


def risk_conclusions(facts: Sequence[Event], policies: Path, answers: Mapping[str, Event]) -> Iterator[Event]:
    """Yield what risk must say of the facts.

    `answers` are the gate's found answers by the request they answer: which incidents stood open then is taken from
    them, since that depends on how far risk had read another topic; everything else is computed.
    """
    data = load_rule_data(policies)
    bundle = load_bundle(read_folder(policies / "default"), tuple(data.bounds.values))
    states: dict[str, SubjectState] = {}
    for event in facts:
        payload = read(event)
        state = states.get(event.subject, SubjectState())
        if isinstance(payload, DeploymentRequested):
            open_ = incidents_seen(answers.get(event.id))
            question = Question(
                event.subject, payload.version, payload.environment, payload.requested_by, event.known_at
            )
            yield _answer(event, question, document(question, state, open_, data), bundle)
        elif isinstance(payload, FOLDED):
            step = fold(state, payload, event.id, event.known_at, data)
            states[event.subject] = step.state
            for said in step.conclusions:
                yield conclude("risk", event.subject, said, event)


def incidents_seen(answer: Event | None) -> tuple[IncidentPart, ...]:
    """Return the open incidents that an answer of the gate was given with."""
    payload = read(answer) if answer else None
    if not isinstance(payload, ReleaseAllowed | ReleaseBlocked):
        return ()
    return tuple(IncidentPart(**found) for found in payload.inputs["incidents"])  # type: ignore[union-attr,arg-type]


def _answer(request: Event, question: Question, seen: Document, bundle: Bundle) -> Event:
    """Return the gate's answer to a request that came as a fact."""
    decision = judged(guarded(bundle.reasons(seen), version_registered=seen.version.registered))
    kind = ReleaseAllowed if decision.outcome == "allow" else ReleaseBlocked
    said = kind(
        decision_id=computed_id("risk", "release.decided", event_identity(request)),
        version=question.version,
        environment=question.environment,
        requested_by=question.requested_by,
        decision=decision.outcome,
        reasons=said_reasons(decision),
        policy_digest=bundle.digest,
        inputs=as_json(seen),
        via="event",
    )
    return conclude("risk", question.subject, said, request)


def oversight_conclusions(events: Sequence[Event], rules_file: Path) -> Iterator[Event]:
    """Yield what oversight must say of facts and of risk's conclusions, given that nobody resolves anything."""
    rules = load_rules(rules_file)
    opened: set[bytes] = set()
    for event in events:
        for signal in signals_of(event, read(event)):
            ruling = rule_on(signal, rules)
            if not isinstance(ruling, Opens) or signal.fingerprint in opened:
                continue
            opened.add(signal.fingerprint)
            id_ = str(UUID(computed_id("oversight", "incident", event_identity(event), signal.fingerprint.hex())))
            incident = open_incident(id_, signal, ruling, service_source("oversight"))
            yield conclude("oversight", incident.subject, announcing.opened(incident), event, ordinal=id_)


def compare_incidents_seen(answers: Iterable[Event], opened: Iterable[Event]) -> list[str]:
    """The gate saw no incident but one that oversight opened about the same subject, and a later answer none fewer."""
    about: dict[str, set[str]] = {}
    for event in opened:
        payload = read(event)
        if isinstance(payload, IncidentOpened):
            for subject in payload.about:
                about.setdefault(subject, set()).add(payload.incident_id)
    differences: list[str] = []
    before: dict[str, set[str]] = {}
    for answer in answers:
        seen = {incident.id for incident in incidents_seen(answer)}
        if strange := seen - about.get(answer.subject, set()):
            differences.append(f"risk: answer {answer.id} on {answer.subject} saw incidents nobody opened: {strange}")
        if forgotten := before.get(answer.subject, set()) - seen:
            differences.append(f"risk: answer {answer.id} on {answer.subject} no longer saw {forgotten}")
        before[answer.subject] = seen
    return differences
