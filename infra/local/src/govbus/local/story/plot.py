"""The plot: a model is registered, fails its fairness validation, is deployed all the same, and is mended."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from govbus.contracts.types import full_name
from govbus.local.story.world import StoryFailed, World

NAMESPACE = "demo"
ENVIRONMENT = "production"
MLFLOW_SOURCE = "mlflow-story"
FAIRNESS_GAP = ((0.90, 0.61), (0.84, 0.82))
"""Selection rates of two groups: of version 1, far apart, and of version 2, close together."""


class Plot:
    """Plays the scenes in order; every answer is compared with the expected one."""

    def __init__(self, world: World, receiver_url: str, proof_file: Path, say: Callable[[str], None]) -> None:
        """`receiver_url` is where the local receiver shows what reached it."""
        self._world, self._receiver_url, self._proof_file, self._say = world, receiver_url, proof_file, say
        self._model = f"credit-risk-{secrets.token_hex(3)}"
        self._secret = secrets.token_urlsafe(24)
        self._number = 0
        self.subject = f"model/{NAMESPACE}/{self._model}"

    def play(self) -> None:
        """Play all scenes.

        Raises:
            StoryFailed: an answer differs from the expected one.
        """
        self._mlflow_is_connected()
        self._model_is_registered()
        position = self._version_is_created("1")
        self._gate_denies("1", position, "validation-required")
        position = self._validation("1", FAIRNESS_GAP[0], "failed")
        self._gate_denies("1", position, "fairness-gap")
        self._deployed_all_the_same()
        incident = self._incident_opens()
        self._people_are_told(incident)
        self._world.govbus("incident", "ack", incident, "--note", "Rolling forward to a mended version.")
        self._scene("An operator acknowledges the incident", f"govbus incident ack {incident}")
        self._said("incident.acknowledged", f"incident/{incident}")
        self._version_is_created("2")
        position = self._validation("2", FAIRNESS_GAP[1], "passed")
        position = self._incident_is_resolved(incident)
        decision = self._gate_allows("2", position)
        self._gate_denies("1", position, "fairness-gap")
        self._decision_is_proved(decision)

    def _mlflow_is_connected(self) -> None:
        body = {
            "name": MLFLOW_SOURCE,
            "source": "//mlflow/story",
            "namespace": NAMESPACE,
            "mapping": "mlflow",
            "signature": {"scheme": "mlflow", "secret": self._secret},
        }
        self._world.call("POST", "/v1/sources", expect=201, as_="admin", json=body)
        self._scene("An MLflow server is connected", f"POST /v1/sources  201  {MLFLOW_SOURCE}, mapping mlflow, signed")

    def _model_is_registered(self) -> None:
        data = {"name": self._model, "tags": {"owner": "credit team"}, "description": "Scores loan applications"}
        position, status = self._mlflow_says("registered_model", data)
        self._scene("MLflow registers the model", f"signed webhook  {status}  position {position}")
        self._said("model.registered", self.subject)

    def _version_is_created(self, version: str) -> str:
        data = {"name": self._model, "version": version, "source": f"models:/{self._model}/{version}", "run_id": None}
        position, status = self._mlflow_says("model_version", data)
        self._scene(f"MLflow creates version {version}", f"signed webhook  {status}  position {position}")
        self._said("model.version_created", self.subject)
        return position

    def _validation(self, version: str, rates: tuple[float, float], outcome: str) -> str:
        measurements = [
            {"metric": "selection_rate", "value": rate, "subgroup": group, "direction": "higher_is_better"}
            for group, rate in zip(("women", "men"), rates, strict=True)
        ]
        data: dict[str, Any] = {"version": version, "kind": "fairness", "outcome": outcome}
        data |= {"measurements": measurements, "evaluator": "model validation", "independent": True}
        words = ("emit", "--type", "validation.completed", "--subject", self.subject, "--data", json.dumps(data))
        position = str(self._world.govbus(*words).document["position"])
        self._scene(f"Version {version} {outcome} its fairness validation", f"govbus emit  position {position}")
        self._said("validation.completed", self.subject)
        self._said(f"validation.{outcome}", self.subject)
        return position

    def _gate_denies(self, version: str, after: str, rule: str) -> None:
        words = ("gate", self.subject, version, "--environment", ENVIRONMENT, "--after", after, "--requested-by", "ci")
        decision = self._world.govbus(*words, expect=1).document
        rules = [reason["rule"] for reason in decision["reasons"]]
        if decision["decision"] != "deny" or rule not in rules:
            raise StoryFailed(f"the gate said {decision['decision']} by {', '.join(rules)}, not deny by {rule}")
        message = next(reason["message"] for reason in decision["reasons"] if reason["rule"] == rule)
        self._scene(f"The gate denies version {version}", f"govbus gate  exit 1  {rule}: {message}")
        self._said("release.blocked", self.subject)

    def _deployed_all_the_same(self) -> None:
        data = {"version": "1", "environment": ENVIRONMENT, "deployed_by": "somebody in a hurry"}
        moment = datetime.now(UTC).isoformat()
        headers = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": secrets.token_hex(8),
            "ce_source": "//demo/platform",
            "ce_type": full_name("deployment.completed"),
            "ce_subject": self.subject,
            "ce_time": moment,
        }
        topic = "govbus.intake.demo"
        partition, offset = self._world.produce(topic, self.subject, json.dumps(data).encode(), headers)
        self._scene("Version 1 is deployed all the same", f"Kafka record {topic}/{partition}@{offset}")
        self._said("deployment.completed", self.subject)
        self._said("risk.scored", self.subject)

    def _incident_opens(self) -> str:
        def look() -> dict[str, Any] | None:
            items = self._world.get("/v1/cases", kind="incident", about=self.subject)["items"]
            return items[0] if items else None

        case = self._world.wait("an incident about the deployed version", look)
        self._scene("Oversight opens an incident", f"{case['severity']}: {case['summary']}  ({case['id']})")
        self._said("incident.opened", f"incident/{case['id']}")
        return str(case["id"])

    def _people_are_told(self, incident: str) -> None:
        def look() -> tuple[dict[str, Any], dict[str, Any]] | None:
            received = self._world.outside(f"{self._receiver_url}/received")
            webhooks = [item for item in received["webhooks"] if incident in json.dumps(item)]
            mails = [item for item in received["mails"] if incident in json.dumps(item)]
            return (webhooks[0], mails[0]) if webhooks and mails else None

        webhook, mail = self._world.wait("a signed webhook and a mail about the incident", look)
        self._scene(
            "People are told",
            f"webhook {webhook['webhook_id']}, signature verified; mail to {mail['to']}: {mail['subject']}",
        )
        self._said("notification.sent", f"incident/{incident}")

    def _incident_is_resolved(self, incident: str) -> str:
        done = self._world.govbus("incident", "resolve", incident, "Version 2 replaces it; fairness gap is closed.")
        self._scene("The incident is resolved", f"govbus incident resolve {incident}  {done.document['state']}")
        self._said("incident.resolved", f"incident/{incident}")
        return str(done.document["position"])

    def _gate_allows(self, version: str, after: str) -> str:
        words = ("gate", self.subject, version, "--environment", ENVIRONMENT, "--after", after, "--requested-by", "ci")
        decision_id = str(self._world.govbus(*words).document["decision_id"])

        def look() -> dict[str, Any] | None:
            receipt = self._world.get(f"/v1/decisions/{decision_id}")["receipt"]
            return receipt if isinstance(receipt, dict) else None

        receipt = self._world.wait("a receipt for the decision", look)
        self._scene(
            f"The gate allows version {version}", f"govbus gate  exit 0  decision {decision_id}, receipt {receipt}"
        )
        self._said("release.allowed", self.subject)
        return decision_id

    def _decision_is_proved(self, decision_id: str) -> None:
        index = str(self._world.get(f"/v1/decisions/{decision_id}")["receipt"]["index"])
        self._world.govbus("log", "proof", index, "-o", str(self._proof_file))
        self._world.govbus("verify", str(self._proof_file), "--key", self._world.vkey, offline=True)
        self._scene(
            "The decision is proved to a stranger",
            f"govbus log proof {index} -o {self._proof_file}; govbus verify, offline: proved",
        )

    def _mlflow_says(self, entity: str, data: dict[str, Any]) -> tuple[str, str]:
        """Deliver a webhook as MLflow does and return position and status."""
        moment = datetime.now(UTC).isoformat()
        body = json.dumps({"entity": entity, "action": "created", "timestamp": moment, "data": data}).encode()
        delivery, stamp = secrets.token_hex(16), str(int(time.time()))
        signed = hmac.new(self._secret.encode(), f"{delivery}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-MLflow-Delivery-Id": delivery,
            "X-MLflow-Timestamp": stamp,
            "X-MLflow-Signature": "v1," + base64.b64encode(signed).decode(),
        }
        path = f"/v1/webhooks/{MLFLOW_SOURCE}"
        answer = self._world.call("POST", path, expect=202, content=body, headers=headers)
        return str(answer["position"]), f"202 {answer['status']}"

    def _scene(self, title: str, detail: str) -> None:
        self._number += 1
        self._say(f"{self._number:3}  {title}\n       {detail}")

    def _said(self, type_: str, subject: str) -> None:
        """Wait for the event in the log and print where it really lies."""
        entry = self._world.entry(f"{type_} about {subject}", type=full_name(type_), subject=subject)
        kafka = entry["kafka"]
        place = f"{kafka['topic']}/{kafka['partition']}@{kafka['offset']}"
        self._say(f"       → {type_}  {place}  log index {entry['index']}  id {entry['id']}")
