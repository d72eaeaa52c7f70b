"""`govbus mapping test`, as the command line runs it."""

import json
import os
import subprocess
from pathlib import Path

from backends.running import CHECKOUT

GOVBUS = CHECKOUT / ".venv" / "bin" / "govbus"
FILE = """
name: acme
version: "4"
time: body.at
rules:
  - {name: pings, when: body.kind == 'ping', ignore: test_delivery}
  - name: the rest
    type: platform.reported
    subject: {external: "headers['x-event']"}
    data: {platform: "'acme'", kind: body.kind, payload_sha256: raw.sha256}
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, without any stack."""
    command = [str(GOVBUS), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "COLUMNS": "180"}
    )


def written(folder: Path, sample: str) -> tuple[Path, Path]:
    """Write the mapping, a sample and its headers."""
    (folder / "acme.yaml").write_text(FILE)
    (folder / "sample.json").write_text(sample)
    (folder / "sample.headers.json").write_text('{"headers": [["X-Event", "deploy"]]}')
    return folder / "acme.yaml", folder / "sample.json"


def test_input_and_facts_stand_side_by_side(tmp_path: Path) -> None:
    done = run("mapping", "test", *written(tmp_path, '{"kind": "é", "at": "2026-01-01T00:00:00Z"}'))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any('"kind": "é"' in line.partition(" | ")[0] for line in lines)
    assert any("platform.reported" in line.partition(" | ")[2] for line in lines)
    assert any("external/my-source/deploy" in line.partition(" | ")[2] for line in lines)


def test_help_says_what_each_command_does() -> None:
    done = run("mapping", "--help")
    assert "List the delivered mappings." in done.stdout
    assert "Show what a mapping makes of a payload" in done.stdout
    assert "Mapping files" in run("--help").stdout


def test_a_refusal_has_the_path_and_exit_code_1(tmp_path: Path) -> None:
    done = run("mapping", "test", *written(tmp_path, '{"kind": "x"}'), "--json")
    assert done.returncode == 1
    (result,) = json.loads(done.stdout)["results"]
    assert (result["status"], result["errors"][0]["pointer"]) == ("rejected", "/at")


def test_an_ignored_payload_says_by_which_rule(tmp_path: Path) -> None:
    done = run("mapping", "test", *written(tmp_path, '{"kind": "ping", "at": "2026-01-01T00:00:00Z"}'))
    assert (done.returncode, "test_delivery" in done.stdout, "'pings'" in done.stdout) == (0, True, True)


def test_a_file_that_cannot_be_used_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    mapping, sample = written(tmp_path, "{}")
    mapping.write_text(FILE.replace("body.kind == 'ping'", "body.kind =="))
    done = run("mapping", "test", mapping, sample)
    assert done.returncode == 2
    assert done.stderr.startswith("govbus: acme.yaml: rules[0]")
    assert "Traceback" not in done.stderr
    missing = run("mapping", "test", tmp_path / "none.yaml", sample)
    assert (missing.returncode, "none.yaml" in missing.stderr) == (2, True)


def test_delivered_mappings_are_listed() -> None:
    done = run("mapping", "list", "--json")
    assert {"mlflow", "cdevents"} <= {one["name"] for one in json.loads(done.stdout)}
