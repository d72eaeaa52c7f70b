"""Every sample that came with its authentication, byte for byte: authentic as it is, refused when a byte is altered."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import SCHEMES

pytestmark = pytest.mark.interop

SAMPLE_SECRET = "sample-webhook-secret"


@dataclass(frozen=True)
class Sample:
    """One platform's samples: where they lie, what the secret is, and which header shows that it is used."""

    scheme: str
    folder: str
    secret: str
    header: str
    count: int


SAMPLES = [
    Sample("mlflow", "mlflow", SAMPLE_SECRET, "x-mlflow-signature", 22),
    Sample("openai", "openai_webhooks", "", "webhook-signature", 5),
    Sample("gitlab", "gitlab", SAMPLE_SECRET, "webhook-signature", 2),
    Sample("gitlab-token", "gitlab", SAMPLE_SECRET, "x-gitlab-token", 2),
    Sample("wandb", "wandb", SAMPLE_SECRET, "x-wandb-signature", 1),
    Sample("huggingface", "huggingface", "sample-hf-secret", "x-webhook-secret", 2),
    Sample("bearer", "alertmanager", "sample-token", "authorization", 2),
]


def _openais_secret(samples: Path) -> str:
    noted = json.loads((samples / "openai_webhooks" / "response.completed.headers.json").read_text())
    return str(noted["secret_used"]).partition(" ")[0]


def _deliveries(samples: Path, sample: Sample) -> dict[str, Evidence]:
    found = {}
    for path in sorted((samples / sample.folder).glob("*.headers.json")):
        headers = {name.lower(): value for name, value in json.loads(path.read_text())["headers"]}
        body = path.with_name(path.name.replace(".headers.json", ".json"))
        if not body.exists():
            body = body.with_name(body.name.replace(".rotating-two-signatures", ""))
        if sample.header in headers:
            found[path.name] = Evidence(headers, body=body.read_bytes())
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.scheme)
def test_every_sample_is_authentic_and_no_other_body_or_secret_is(samples: Path, sample: Sample) -> None:
    secret = sample.secret or _openais_secret(samples)
    scheme, deliveries = SCHEMES[sample.scheme], _deliveries(samples, sample)
    assert len(deliveries) == sample.count
    for evidence in deliveries.values():
        scheme.authenticate([secret], evidence)
        with pytest.raises(Refused, match="bad_signature"):
            scheme.authenticate(["YW5vdGhlcg=="], evidence)
        if scheme.reads_body:
            with pytest.raises(Refused, match="bad_signature"):
                scheme.authenticate([secret], replace(evidence, body=evidence.body + b"\n"))
