"""The catalogue is whole: every fact and conclusion that the design names."""

from govbus.contracts.all_events import TYPES

FACTS = """
system.registered system.retired model.registered model.version_created model.version_deprecated model.retired
dataset.registered dataset.version_created dataset.checked vendor.registered vendor.disclosed vendor.contract_recorded
vendor.assessed validation.completed explanation.published monitor.observed deployment.requested deployment.completed
deployment.rolled_back deployment.removed incident.reported complaint.received redress.requested concern.raised
override.recorded training.completed exercise.held person.recorded person.left team.recorded ownership.assigned
record.merged fact.withdrawn platform.reported approval.recorded
"""

CONCLUSIONS = """
event.rejected source.gap_detected source.silent record.changed ownership.missing lineage.changed asset.unregistered
vendor.review_due retention.expiring risk.scored risk.tier_changed obligation.assigned obligation.fulfilled
obligation.overdue validation.passed validation.failed drift.detected threshold.breached policy.activated
release.allowed release.blocked review.requested review.decided review.overdue incident.opened incident.acknowledged
incident.escalated incident.mitigated incident.resolved incident.reviewed report.due report.filed rollback.requested
evidence.held
concern.opened concern.answered redress.opened redress.answered notification.sent notification.failed
notification.suppressed escalation.started escalation.stopped entry.published checkpoint.published audit.gap_detected
record.parked record.resumed
"""


def test_everything_that_the_design_names_is_declared() -> None:
    """Source: shared design, events.md, "Facts" and "Conclusions"; conclusions may be more."""
    assert {one.name for one in TYPES if one.is_fact} == set(FACTS.split())
    assert set(CONCLUSIONS.split()) <= {one.name for one in TYPES if not one.is_fact}
