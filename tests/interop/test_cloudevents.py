"""The CloudEvents project's conformance scenarios for HTTP and Kafka, read from its feature files."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govbus.intake.domain import http_binding, kafka_binding
from govbus.intake.domain.http_binding import Mode
from govbus.intake.domain.json_format import read_structured
from govbus.intake.domain.said import Said, read

pytestmark = pytest.mark.interop

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEXT_BLOCK = re.compile(r'"""\n(.*?)\n\s*"""', re.DOTALL)
ROW = re.compile(r"^\s*\|(.+)\|\s*$", re.MULTILINE)


def scenarios(feature: Path) -> list[str]:
    """Return the scenarios of a feature file, outlines filled in with each of their examples."""
    filled = []
    for part in re.split(r"\n\s*Scenario(?: Outline)?:", feature.read_text())[1:]:
        body, _, examples = part.partition("Examples:")
        values = [row.strip() for row in ROW.findall(examples)][1:]
        filled += [body.replace("<contentType>", value) for value in values] or [body]
    assert filled
    return filled


def table(text: str) -> dict[str, str]:
    """Return a two-column table below its heading row."""
    rows = [[cell.strip() for cell in row.split("|")] for row in ROW.findall(text)]
    return {row[0]: row[1] for row in rows if row[0] != "key"}


def check(said: Said, scenario: str) -> None:
    """Compare what was read with what the scenario expects."""
    then = scenario.partition("Then the attributes are:")[2]
    assert dict(said.attributes) == table(then)
    assert json.loads(said.data) == json.loads(TEXT_BLOCK.findall(then)[0])
    read(said, NOW)


def test_every_http_scenario_is_read_as_it_says(samples: Path) -> None:
    for scenario in scenarios(samples / "cloudevents" / "http-protocol-binding.feature"):
        lines = [line.strip() for line in TEXT_BLOCK.findall(scenario)[0].split("\n")]
        end = lines.index("")
        headers = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:end])
        ]
        body = "\n".join(lines[end + 1 :]).encode()
        if http_binding.mode_of(headers) is Mode.BINARY:
            check(http_binding.read_binary(headers, body), scenario)
        else:
            check(read_structured(body), scenario)


def test_every_kafka_scenario_is_read_as_it_says(samples: Path) -> None:
    for scenario in scenarios(samples / "cloudevents" / "kafka-protocol-binding.feature"):
        value = TEXT_BLOCK.findall(scenario)[0].encode()
        given = scenario.partition("And Kafka headers:")[2].partition("When")[0]
        headers = [(name, text.encode()) for name, text in table(given).items()]
        check(kafka_binding.read(headers, value), scenario)


@pytest.mark.parametrize("name", ["http-protocol-binding.feature", "kafka-protocol-binding.feature"])
def test_no_scenario_was_overlooked(samples: Path, name: str) -> None:
    feature = samples / "cloudevents" / name
    written = feature.read_text()
    examples = len(re.findall(r"^\s*\| application/", written, re.MULTILINE))
    plain = len(re.findall(r"Scenario:", written))
    assert len(scenarios(feature)) == examples + plain
