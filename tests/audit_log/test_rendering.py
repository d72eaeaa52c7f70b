"""Reports as HTML, PDF and JSON: hostile texts stay texts, nothing is loaded, the same report is the same bytes."""

import io
import json
from html.parser import HTMLParser

import pypdf
import pytest
from typing_extensions import override

from govbus.audit_log.domain.report import (
    AnsweredFramework,
    AnsweredQuestion,
    AnsweredSection,
    EntryCounts,
    PinnedLog,
    Report,
    Statement,
    SubjectInReport,
    Unread,
)
from govbus.audit_log.rendering.html import render_html
from govbus.audit_log.rendering.json_document import SCHEMA_FILE, render_json, schema
from govbus.audit_log.rendering.pdf import render_pdf

HOSTILE = "<script>fetch('https://evil.example/')</script><img src=https://evil.example/x> & <b>"
LONG = "A sentence that goes on and on. " * 400


def report(*texts: str, count: int = 1) -> Report:
    """Return a report with these statements, so often, and an empty question."""
    statements = tuple(
        Statement(label="Purpose", text=text, value=text, subject="model/a/b", at=None, indexes=(3, 4, 5, 9))
        for text in texts * count
    )
    unread = (Unread(index=7, reason="erased", erasure_index=12), Unread(index=8, reason="pruned"))
    said = AnsweredQuestion(
        id="q", clause="1(a)", title="Purpose", statements=statements, unread=unread, not_shown_count=4
    )
    empty = AnsweredQuestion(id="e", clause="1(b)", title="Limits", statements=(), unread=(), not_shown_count=0)
    section = AnsweredSection(id="s", clause="1", title="General", questions=(said, empty))
    framework = AnsweredFramework(
        id="f", title="Framework", source="x", version="1", digest="sha256:0", sections=(section,)
    )
    return Report(
        subject="model/a/b",
        confidential=False,
        log=PinnedLog(origin="log", size=10, root="cm9vdA==", checkpoint="log\n10\n", signed_at="2026-11-23T10:00:00Z"),
        counts=EntryCounts(entries_count=10, withheld_count=1, erased_count=2, first_known_at=None, last_known_at=None),
        subjects=(SubjectInReport(subject="model/a/b", relation="subject", entries_count=10),),
        not_followed=("chain-of-everything",),
        frameworks=(framework,),
    )


class Elements(HTMLParser):
    """The elements of a page, and every address it names."""

    def __init__(self) -> None:
        """Begin with an empty page."""
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str | None] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value for name, value in attrs if name in {"href", "src", "action", "data"}}


def pages(raw: bytes) -> list[str]:
    """Return the text of each page of a PDF."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages]


def test_hostile_texts_stay_texts_in_html() -> None:
    page = render_html(report(HOSTILE)).decode()
    assert "&lt;script&gt;" in page
    seen = Elements()
    seen.feed(page)
    assert not {"script", "img", "link", "iframe", "b"} & seen.tags
    assert seen.addresses == {"#report", "#f"}
    assert "default-src 'none'" in page


def test_hostile_texts_stay_texts_in_pdf() -> None:
    text = "".join(pages(render_pdf(report(HOSTILE)))).replace("\n", "")
    assert "<script>fetch('https://evil.example/')</script>" in text


@pytest.mark.parametrize("text", ["Straße", "Ελλάδα", "Україна", "Հայաստան"])
def test_letters_of_other_scripts_can_be_searched_in_the_pdf(text: str) -> None:
    assert text in "".join(pages(render_pdf(report(text))))


def test_every_page_says_of_how_many_it_is_one() -> None:
    found = pages(render_pdf(report(LONG, count=9)))
    assert len(found) > 3
    for number, text in enumerate(found, start=1):
        assert f"page {number} of {len(found)}" in text


@pytest.mark.parametrize("text", [LONG * 4, "x" * 20_000, "", "\n" * 500, "日本語"])
def test_any_text_is_rendered(text: str) -> None:
    assert render_pdf(report(text)).startswith(b"%PDF")
    assert json.loads(render_json(report(text)))["frameworks"][0]["sections"][0]["questions"][0]["statements"]


def test_what_is_missing_is_said_in_html_and_pdf() -> None:
    html, pdf = render_html(report("x")).decode(), "".join(pages(render_pdf(report("x")))).replace("\n", " ")
    for sentence in (
        "Nothing on record.",
        "which entry 12 puts on record",
        "when the time for keeping it was over",
        "4 older entries answer this too",
        "entries 3-5, 9",
        "chain-of-everything",
    ):
        assert sentence in html
        assert sentence in pdf


def test_the_same_report_is_the_same_bytes() -> None:
    for render in (render_html, render_pdf, render_json):
        assert render(report("x", "Ελλάδα")) == render(report("x", "Ελλάδα"))


def test_the_document_is_as_its_frozen_schema_says() -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == schema()
