"""The recipes that are shell: curl, and a step of GitHub Actions."""

import json
import shutil
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from recipes.conftest import Register
from recipes.snippets import run_shell, snippets
from sdk.desk import IntakeDesk

RUNNER = {
    "GITHUB_REPOSITORY": "acme/recommender",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_REF_NAME": 'v1";$(touch owned)',
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SERVER_URL": "https://github.com",
}
"""What a runner sets; the name of a tag is whatever somebody pushed."""


def test_curl_says_it_once_however_often_and_finds_it_again(intake: IntakeDesk, register: Register) -> None:
    environment = register("//shop/registry", "shop")
    recipe = snippets("curl.md")
    statuses = []
    for name in ("emit", "emit", "emit-binary", "emit-binary"):
        done = run_shell(recipe[name], environment, intake.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        statuses.append(json.loads(done.stdout)["status"])
    assert statuses == ["accepted", "duplicate"] * 2
    version, deployed = intake.accepted()
    assert (version.json()["version"], version.time) == ("7", datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert (deployed.type, deployed.json()["environment"]) == ("dev.govbus.deployment.completed.v1", "production")
    found = run_shell(recipe["find"], environment, intake.folder)
    assert json.loads(found.stdout)["status"] == "accepted"


def test_a_refusal_is_exit_code_22_with_the_reason(intake: IntakeDesk, register: Register) -> None:
    environment = register("//shop/registry", "another")
    done = run_shell(snippets("curl.md")["emit"].replace("--retry 5 ", "--retry 0 "), environment, intake.folder)
    assert done.returncode == 22
    assert "namespace" in json.loads(done.stdout)["title"]
    assert intake.accepted() == []


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which GitHub's runners have, is not installed here")
def test_a_step_of_github_actions_tells_the_deployment_and_a_tags_name_stays_text(
    intake: IntakeDesk, register: Register
) -> None:
    environment = register("//github/acme/recommender", "shop")
    workflow: dict[str, Any] = yaml.safe_load(snippets("github_actions.md")["workflow"])
    (step,) = [step for step in workflow["jobs"]["deploy"]["steps"] if step["name"] == "Tell Govbus"]
    expressions = {
        "${{ vars.GOVBUS_URL }}": environment["GOVBUS_URL"],
        "${{ secrets.GOVBUS_SOURCE_TOKEN }}": environment["GOVBUS_SOURCE_TOKEN"],
    }
    stated = {name: expressions.get(text, text) for name, text in step["env"].items()}
    assert not any("${{" in text for text in (*stated.values(), step["run"]))
    for _ in range(2):
        done = run_shell(step["run"], {**RUNNER, **stated}, intake.folder)
        assert done.returncode == 0, done.stdout + done.stderr
    (event,) = intake.accepted()
    assert event.id == "acme/recommender/4711/1"
    assert event.json() == {
        "version": RUNNER["GITHUB_REF_NAME"],
        "environment": "production",
        "deployed_by": "octocat",
        "ticket": "https://github.com/acme/recommender/actions/runs/4711",
    }
    assert not (intake.folder / "owned").exists()
