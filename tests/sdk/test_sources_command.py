"""`govbus sources` against a live intake, and with a real Kafka where a platform is to emit over it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backends.running import CHECKOUT, RunningKafka
from govbus.local.kafka_properties import ADMIN
from govbus.sdk import new_event
from govbus.sdk.cli.kafka_manifests import commands, strimzi_documents
from govbus.sdk.cli.program import run
from govbus.sdk.provisioning import PARTITIONS_COUNT, TOPIC_CONFIG, topic_of, user_of
from sdk.desk import IntakeDesk

MANIFEST = yaml.safe_load((CHECKOUT / "infra" / "kafka" / "topics.yaml").read_text("utf-8"))
Said = Callable[[], Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The JSON that the last command printed."""
    return lambda: json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def as_operator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an operator's token into the environment of tests that talk to an intake."""
    if "intake" in request.fixturenames:
        intake: IntakeDesk = request.getfixturevalue("intake")
        token = intake.issuer.bearer("olga", "operator")["authorization"].removeprefix("Bearer ")
        monkeypatch.setenv("GOVBUS_TOKEN", token)


@pytest.mark.usefixtures("intake")
def test_an_added_platform_may_emit_with_the_credential_that_is_shown_once(
    said: Said, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "add", "mlflow-prod", "--type", "model.*", "--json"]) == 0
    monkeypatch.setenv("GOVBUS_SOURCE_TOKEN", said()["credential"])
    event = new_event("model.registered", "model/mlflow-prod/m", {"purpose": "x"}, source="//mlflow-prod")
    arguments = [
        "--type",
        event.type,
        "--subject",
        event.subject,
        "--source",
        event.source,
        "--data",
        '{"purpose":"x"}',
    ]
    assert run(["emit", *arguments]) == 0
    capsys.readouterr()
    assert run(["sources", "show", "mlflow-prod", "--json"]) == 0
    shown = said()
    assert (shown["counts"]["accepted"], shown["types"]) == (1, ["model.*"])
    assert "gbs_" not in json.dumps(shown)


@pytest.mark.usefixtures("intake")
def test_platforms_are_listed_for_people_and_for_scripts(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    run(["sources", "add", "mlflow-prod", "--source", "//mlflow/prod"])
    capsys.readouterr()
    assert run(["sources", "list"]) == 0
    assert "//mlflow/prod" in capsys.readouterr().out
    assert run(["sources", "list", "--limit", "1", "--json"]) == 0
    page = said()
    assert [item["name"] for item in page["items"]] == ["demo"]
    assert run(["sources", "list", "--cursor", page["next"], "--json"]) == 0
    assert [item["name"] for item in said()["items"]] == ["mlflow-prod"]


@pytest.mark.usefixtures("intake")
def test_a_credential_is_rotated_with_overlap_and_the_old_one_revoked(
    said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "rotate", "demo", "--expires-in-seconds", "3600", "--json"]) == 0
    made = said()
    (old,) = made["others"]
    assert made["expires_at"] is not None
    assert run(["sources", "revoke", "demo", old]) == 0
    capsys.readouterr()
    run(["sources", "show", "demo", "--json"])
    held = {one["id"]: one["revoked_at"] for one in said()["credentials"]}
    assert (held[made["id"]], held[old] is None) == (None, False)
    assert run(["sources", "revoke", "demo", made["id"].replace(made["id"][:8], "00000000")]) == 1


@pytest.mark.usefixtures("intake")
def test_settings_are_changed_and_taken_away(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sources", "set", "demo", "--expected-interval-seconds", "60", "--type", "model.*"]) == 0
    assert "expected_interval_seconds 60" in capsys.readouterr().out
    assert run(["sources", "set", "demo", "--clear", "expected_interval_seconds", "--json"]) == 0
    assert (said()["expected_interval_seconds"]) is None
    assert run(["sources", "show", "demo"]) == 0
    assert "//govbus/people/olga" in capsys.readouterr().out


@pytest.mark.usefixtures("intake")
def test_a_removed_platform_is_shown_as_removed(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sources", "remove", "demo"]) == 0
    capsys.readouterr()
    run(["sources", "show", "demo", "--json"])
    assert said()["removed_by"] == "//govbus/people/olga"
    assert run(["sources", "remove", "demo", "--json"]) == 0


@pytest.mark.usefixtures("intake")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "nobody"], 1),
        (["show", "../../metrics"], 1),
        (["add", "Upper"], 1),
        (["add", "demo"], 1),
        (["set", "demo"], 2),
        (["add"], 2),
        (["add", "x", "--signature", "github"], 2),
        (["rotate", "demo", "--kafka"], 1),
    ],
)
def test_wrong_use_and_refusals_have_their_exit_codes(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", *arguments]) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("intake")
def test_a_webhook_secret_is_read_from_a_file_and_never_printed(tmp_path: Path, said: Said) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret-of-github-32-characters-long\n")
    assert run(["sources", "add", "gh", "--signature", "github", "--secret-file", str(secret), "--json"]) == 0
    assert "s3cret" not in json.dumps(said())
    run(["sources", "show", "gh", "--json"])
    assert said()["signature"] == {"scheme": "github"}


@pytest.mark.usefixtures("intake")
def test_without_a_provisioner_what_to_apply_is_printed_and_nothing_is_registered(
    said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "add", "mlflow-prod", "--kafka", "--json"]) == 1
    assert said()["registered"] is False
    assert run(["sources", "add", "mlflow-prod", "--kafka"]) == 1
    told = capsys.readouterr()
    assert "kafka-topics.sh" in told.out
    assert "--topic-exists" in told.err
    assert run(["sources", "show", "mlflow-prod"]) == 1
    capsys.readouterr()
    assert run(["sources", "add", "mlflow-prod", "--kafka", "--topic-exists", "--json"]) == 0
    assert said()["kafka"] == {"topic": "govbus.intake.mlflow-prod"}


def test_what_is_printed_is_what_the_manifest_says_of_platforms_topics() -> None:
    stated = MANIFEST["source_topics"]
    wanted = {name: str(value) for name, value in {**MANIFEST["config"], **stated["config"]}.items()}
    assert (wanted, stated["partitions"]) == (TOPIC_CONFIG, PARTITIONS_COUNT)
    assert topic_of("x") == stated["prefix"] + "x"
    assert user_of("x") == "govbus-" + stated["principal_prefix"] + "x"
    topic, user = strimzi_documents("x", "prod")
    deployed = MANIFEST["replication"]["deployed"]
    assert topic["spec"]["replicas"] == deployed["replication_factor"]
    assert topic["spec"]["config"]["min.insync.replicas"] == str(deployed["min_insync_replicas"])
    (right,) = user["spec"]["authorization"]["acls"]
    assert (right["resource"]["name"], right["operations"]) == (
        "govbus.intake.x",
        ["Write", "Describe", "DescribeConfigs"],
    )
    assert {document["metadata"]["labels"]["strimzi.io/cluster"] for document in (topic, user)} == {"prod"}


def test_a_name_that_kubernetes_does_not_take_gets_commands_only() -> None:
    assert strimzi_documents("a_b", "govbus") == []
    assert all("a_b" in command for command in commands("a_b"))


def test_on_this_machine_topic_and_user_are_made_and_taken_away(
    intake: IntakeDesk, kafka: RunningKafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: Said
) -> None:
    home = tmp_path / ".govbus"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "passwords.json").write_text(json.dumps({ADMIN: kafka.credentials("admin")[1]}))
    told = {name: getattr(kafka.access, name) for name in ("bootstrap_servers", "security_protocol", "sasl_mechanism")}
    token = intake.issuer.bearer("olga", "operator")["authorization"].removeprefix("Bearer ")
    endpoints = {"url": intake.url, "kafka": told, "credentials": {"operator": token}}
    (home / "endpoints.json").write_text(json.dumps(endpoints))
    monkeypatch.delenv("GOVBUS_URL")
    monkeypatch.delenv("GOVBUS_TOKEN")
    monkeypatch.setenv("GOVBUS_HOME", str(home))
    monkeypatch.chdir(CHECKOUT)
    assert run(["sources", "add", "over-kafka", "--kafka", "--json"]) == 0
    made = said()
    login = made["kafka"]
    assert (login["topic"], login["username"]) == ("govbus.intake.over-kafka", "govbus-source-over-kafka")
    assert made["credential"].startswith("gbs_")
    assert run(["sources", "rotate", "over-kafka", "--kafka", "--json"]) == 0
    assert said()["kafka"]["password"] != login["password"]
    assert run(["sources", "remove", "over-kafka", "--json"]) == 0
    assert said()["kafka_user"] == "deleted"
