"""The life of one model, fact by fact: what its platform says next."""

import random
from collections.abc import Callable
from typing import Any, Final

Fact = tuple[str, dict[str, Any], int]
"""Short type (or a foreign one), data, and minutes since the beginning of 2026."""

ENVIRONMENTS: Final = ("production", "staging")
_WINDOW_MINUTES: Final = 60
_FIGURES: Final = (("error_rate", 0.01, 0.3), ("accuracy", 0.95, 0.3), ("psi", 0.05, 0.6))
"""Monitored figure, a value inside every bound, a value outside every bound."""


class Life:
    """A generator of facts with just enough memory to hit bounds, repeats and things that nobody registered."""

    def __init__(self, chance: random.Random) -> None:
        """Begin before the first fact; all chance comes from `chance`."""
        self._chance = chance
        self._facts_count = 0
        self._versions = ["1"]
        self._bad_windows_count = 0
        self._figure = chance.choice(_FIGURES)
        self._registers_late = chance.random() < 0.1

    def next(self) -> Fact:
        """Return the next fact."""
        self._facts_count += 1
        name, data = self._beginning() or self._any()
        return name, data, self._facts_count * _WINDOW_MINUTES

    def _beginning(self) -> tuple[str, dict[str, Any]] | None:
        opening: tuple[Callable[[], tuple[str, dict[str, Any]]], ...] = (self._registered, self._version_created)
        if self._registers_late:
            opening = (self._deployed, *opening)
        return opening[self._facts_count - 1]() if self._facts_count <= len(opening) else None

    def _any(self) -> tuple[str, dict[str, Any]]:
        makers = (
            (self._observed, 34),
            (self._validated, 24),
            (self._deployed, 9),
            (self._version_created, 8),
            (self._registered, 6),
            (self._requested, 5),
            (self._foreign, 8),
            (self._reported, 4),
            (self._incident, 2),
        )
        makes, weights = zip(*makers, strict=True)
        made: tuple[str, dict[str, Any]] = self._chance.choices(makes, weights)[0]()
        return made

    def _registered(self) -> tuple[str, dict[str, Any]]:
        answers = {
            "personal_data": self._chance.choice(("none", "personal", "special_category")),
            "affected_persons": self._chance.choice(("employees", "customers", "general_public")),
            "annex_iii_area": self._chance.choice(("none", "none", "essential_services")),
        }
        return "model.registered", {
            "description": f"description {self._facts_count}",
            "owners": {"validation": self._chance.choice(("team/a", "team/b"))},
            "taxonomy_answers": answers,
        }

    def _version_created(self) -> tuple[str, dict[str, Any]]:
        version = str(len(self._versions) + (self._facts_count > 1))
        if version not in self._versions:
            self._versions.append(version)
        return "model.version_created", {"version": version, "framework": "sklearn", "run_id": f"r{self._facts_count}"}

    def _validated(self) -> tuple[str, dict[str, Any]]:
        outcome = self._chance.choices(("passed", "failed", "nothing_ran"), (6, 2, 1))[0]
        gap = self._chance.choice((0.01, 0.03, 0.4))
        return "validation.completed", {
            "version": self._chance.choice(self._versions),
            "kind": self._chance.choice(("fairness", "performance", "robustness")),
            "outcome": outcome,
            "evaluator": "suite",
            "measurements": [
                {"metric": "true_positive_rate", "value": 0.9, "subgroup": "a"},
                {"metric": "true_positive_rate", "value": round(0.9 - gap, 3), "subgroup": "b"},
                {"metric": "auc", "value": self._chance.choice((0.4, 0.8))},
            ],
        }

    def _observed(self) -> tuple[str, dict[str, Any]]:
        """Bad windows come in a row, so that hysteresis is passed now and then."""
        if self._bad_windows_count == 0 and self._chance.random() < 0.2:
            self._bad_windows_count = self._chance.randint(1, 6)
            self._figure = self._chance.choice(_FIGURES)
        name, good, bad = self._figure
        value = bad if self._bad_windows_count else good
        self._bad_windows_count = max(0, self._bad_windows_count - 1)
        return "monitor.observed", {
            "environment": ENVIRONMENTS[0],
            "metric": name,
            "kind": "technical",
            "window": {"start": self._hour(self._facts_count - 1), "end": self._hour(self._facts_count)},
            "value": value,
            "sample_size": self._chance.choice((10, 500)),
        }

    def _deployed(self) -> tuple[str, dict[str, Any]]:
        return "deployment.completed", {
            "version": self._chance.choice([*self._versions, "unknown"]),
            "environment": self._chance.choice(ENVIRONMENTS),
            "deployed_by": "pipeline",
        }

    def _requested(self) -> tuple[str, dict[str, Any]]:
        return "deployment.requested", {
            "version": self._chance.choice([*self._versions, "unknown"]),
            "environment": self._chance.choice(ENVIRONMENTS),
            "requested_by": "pipeline",
        }

    def _foreign(self) -> tuple[str, dict[str, Any]]:
        return "com.example.pipeline.finished", {"run": self._facts_count, "ok": self._chance.random() < 0.5}

    def _reported(self) -> tuple[str, dict[str, Any]]:
        return "platform.reported", {"platform": "mlflow", "kind": "alias.moved", "payload_sha256": "0" * 64}

    def _incident(self) -> tuple[str, dict[str, Any]]:
        return "incident.reported", {
            "summary": f"wrong decisions, report {self._facts_count}",
            "severity": self._chance.choice(("low", "medium", "high")),
            "account": "somebody complained",
        }

    @staticmethod
    def _hour(number: int) -> str:
        day, hour = divmod(number, 24)
        return f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T{hour:02d}:00:00Z"
