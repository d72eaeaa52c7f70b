"""The document of events and its page on file: what the checkout says now, and nothing that runs."""

import copy
import re
from pathlib import Path

import pytest

from govbus.contracts.all_events import TYPES
from govbus.contracts.asyncapi.messages import message_id
from govbus.contracts.catalogue import EventType
from govbus.local.event_docs.__main__ import main
from govbus.local.event_docs.document import DOCUMENT_NAME, document, document_text
from govbus.local.event_docs.page import PAGE_NAME, STYLE_NAME, page
from govbus.local.event_docs.words import inline, paragraphs
from govbus.local.manifest import read_manifest

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs" / "events"
FOUND = document(CHECKOUT)
PAGE = page(FOUND)


def test_the_files_say_what_the_checkout_says() -> None:
    again = "run: python -m govbus.local.event_docs docs/events"
    assert (DOCS / DOCUMENT_NAME).read_text("utf-8") == document_text(FOUND), again
    assert (DOCS / PAGE_NAME).read_text("utf-8") == page(FOUND), again


def test_the_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert main([str(tmp_path / "new")]) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {DOCUMENT_NAME, PAGE_NAME}
    assert main([]) == 2


def test_topics_stand_there_as_the_manifest_has_them() -> None:
    manifest = read_manifest(CHECKOUT / "infra" / "kafka" / "topics.yaml")
    for channel in FOUND["channels"].values():
        if channel["address"] in manifest.topics:
            topic = manifest.topics[channel["address"]]
            assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
            assert (channel["x-govbus-writer"], channel["x-govbus-readers"]) == (topic.writer, list(topic.readers))
            settings = channel["bindings"]["kafka"]["topicConfiguration"]
            assert settings["retention.ms"] == int(topic.config["retention.ms"])
    assert FOUND["channels"]["intake"]["bindings"]["kafka"]["partitions"] == manifest.source_topics.partitions


def test_the_page_holds_no_script_no_inline_style_and_no_address_of_others() -> None:
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|@import|<iframe|<img", PAGE)
    assert set(re.findall(r'(?:href|src)="([^#"][^"]*)"', PAGE)) == {STYLE_NAME, DOCUMENT_NAME, "govbus.svg"}
    assert not re.search(r"url\(|@import|http", (DOCS / STYLE_NAME).read_text("utf-8"))


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_the_page_has_a_place_for_every_event(declared: EventType) -> None:
    assert PAGE.count(f'<article id="{message_id(declared)}">') == 1


def test_words_of_a_contract_cannot_become_markup() -> None:
    planted = copy.deepcopy(FOUND)
    message = planted["components"]["messages"]["dataset.checked.v1"]
    message["summary"] = message["description"] = "<script>alert(1)</script>"
    message["examples"][0]["payload"] = {"tool": '</pre><img src="x" onerror="y">'}
    text = page(planted)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_marks_are_known_and_everything_else_is_escaped() -> None:
    assert inline("a `b<c` **d** *Known: e* f_g") == ("a <code>b&lt;c</code> <strong>d</strong> <em>Known: e</em> f_g")
    assert paragraphs("one\n\ntwo") == "<p>one</p><p>two</p>"
