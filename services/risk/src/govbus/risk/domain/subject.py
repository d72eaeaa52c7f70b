"""What risk knows of one governed subject: the state that facts are folded into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from govbus.contracts.conclusions.scoring import RiskScored
from govbus.risk.domain.monitoring import Series


@dataclass(frozen=True, slots=True)
class Judged:
    """The newest validation of one kind for one version, as judged."""

    kind: str
    outcome: Literal["passed", "failed"]
    validation_id: str
    at: datetime
    worst_gap: float | None = None
    independent: bool = False
    evaluator: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionState:
    """One version: whether somebody registered it, and its newest judgement of each kind."""

    registered: bool = False
    judged: Mapping[str, Judged] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which version runs in an environment, and the fact that says so."""

    version: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class SubjectState:
    """A subject's state. `versions` holds those that matter now: in use, the newest, and the one a fact speaks of."""

    registered: bool = False
    owners: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    latest_version: str | None = None
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    versions: Mapping[str, VersionState] = field(default_factory=dict)
    score: RiskScored | None = None

    def version(self, name: str) -> VersionState:
        """Return the version's state; one nobody spoke of is unregistered and has no evidence."""
        return self.versions.get(name, VersionState())

    def in_use(self) -> tuple[str, ...]:
        """Return the versions deployed anywhere, or the newest before the first deployment."""
        deployed = sorted({deployment.version for deployment in self.deployments.values()})
        return tuple(deployed) or ((self.latest_version,) if self.latest_version else ())


def versions_that_matter(state: SubjectState, spoken_of: str | None) -> tuple[str, ...]:
    """Return the versions whose state a fold over this fact, or a decision on it, needs."""
    wanted = {
        *state.in_use(),
        *((spoken_of,) if spoken_of else ()),
        *((state.latest_version,) if state.latest_version else ()),
    }
    return tuple(sorted(wanted))
