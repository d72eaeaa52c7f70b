"""Records as HTTP shows them."""

from collections.abc import Sequence
from typing import Any

from govbus.contracts.envelope import format_time
from govbus.contracts.subjects import parse_subject
from govbus.inventory.domain.folding import Deployment
from govbus.inventory.domain.record import State, changes


def record_document(state: State) -> dict[str, Any]:
    """Return a record: what was said of it, beside what Govbus knows about the saying."""
    subject = parse_subject(state.key.subject)
    version = {"version": state.key.version} if state.key.version else {}
    return {
        **state.fields,
        **version,
        "subject": state.key.subject,
        "kind": state.key.kind,
        "namespace": subject.namespace,
        "name": subject.name,
        "registered": state.registered,
        "classification": state.classification,
        "state": _place(state),
    }


def model_document(state: State, running: Sequence[Deployment]) -> dict[str, Any]:
    """Return a model's record with what runs where."""
    return {**record_document(state), "deployments": [deployment_document(one) for one in running]}


def deployment_document(deployment: Deployment) -> dict[str, Any]:
    """Return where a version runs since when."""
    document = {
        "environment": deployment.environment,
        "version": deployment.version,
        "deployed_by": deployment.by,
        "ticket": deployment.ticket,
        "deployed_at": format_time(deployment.deployed_at),
    }
    return {name: value for name, value in document.items() if value is not None}


def history_document(before: State | None, state: State) -> dict[str, Any]:
    """Return one state of a record with what changed from the one before, and because of which fact."""
    changed = changes(before, state).items()
    return {
        **_place(state),
        "changes": {name: {"before": change.before, "after": change.after} for name, change in changed},
        "record": {**state.fields, "registered": state.registered},
    }


def _place(state: State) -> dict[str, Any]:
    return {
        "number": state.number,
        "said_at": format_time(state.said_at),
        "known_at": format_time(state.known_at),
        "caused_by": {"source": state.cause.source, "type": state.cause.type, "id": state.cause.id},
    }
