"""The report as PDF: text that can be searched and copied, page numbers, and fonts inside the file.

The fonts hold Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian and Georgian letters; others, such as Chinese, Japanese
and Korean, show as boxes here and as themselves in `report.html` and `report.json`.
"""

import io
from html import escape
from pathlib import Path
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, PageBreak, Paragraph, SimpleDocTemplate, Spacer
from typing_extensions import override

from govbus.audit_log.domain.report import AnsweredFramework, AnsweredQuestion, Report, Statement
from govbus.audit_log.rendering import phrases

_FONTS: Final = Path(__file__).parent / "fonts"
_REGULAR: Final = "DejaVuSans"
_BOLD: Final = "DejaVuSans-Bold"
_MARGIN: Final = 20 * mm
_COLUMNS: Final = (42 * mm, 92 * mm, 36 * mm)
_CELL_CHARACTERS: Final = 1500
"""Of one cell: a row of a table must fit on a page."""

_BODY: Final = ParagraphStyle("body", fontName=_REGULAR, fontSize=9, leading=13, splitLongWords=True)
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=7.5, leading=10, textColor=colors.HexColor("#4a4a4a"))
_TITLE: Final = ParagraphStyle("title", parent=_BODY, fontName=_BOLD, fontSize=17, leading=21, spaceAfter=8)
_FRAMEWORK: Final = ParagraphStyle("framework", parent=_TITLE, fontSize=14, leading=18)
_SECTION: Final = ParagraphStyle("section", parent=_TITLE, fontSize=11.5, leading=15, spaceBefore=12, spaceAfter=2)
_HEAD: Final = ParagraphStyle("head", parent=_BODY, fontName=_BOLD)
_QUESTION: Final = ParagraphStyle("question", parent=_BODY, fontName=_BOLD, spaceBefore=8, keepWithNext=1)
_GRID: Final = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#c8c8c8")),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
]


def render_pdf(report: Report) -> bytes:
    """Return the file; the same report gives the same bytes, so no time of making is in it."""
    for name in (_REGULAR, _BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"{name}.ttf")))
    found = io.BytesIO()
    document = SimpleDocTemplate(
        found,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"Evidence for {report.subject}",
        subject=f"{report.log.origin}, tree of {report.log.size} entries",
        author="Govbus",
        lang="en",
        invariant=1,
    )
    document.build(_story(report), canvasmaker=_NumberedPages)
    return found.getvalue()


class _NumberedPages(Canvas):  # type: ignore[misc]
    """Keeps pages back until all are there, so that each can say of how many it is one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._pages: list[dict[str, Any]] = []

    @override
    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    @override
    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self.setFont(_REGULAR, 7.5)
            self.drawRightString(A4[0] - _MARGIN, 12 * mm, f"page {self._pageNumber} of {len(self._pages)}")
            super().showPage()
        super().save()


def _story(report: Report) -> list[Flowable]:
    log = report.log
    pinned = [
        ("Log", log.origin),
        ("Size", f"{log.size} entries, signed {log.signed_at}"),
        ("Root", log.root),
        ("Payloads", "with those that are not open: handle with care" if report.confidential else "open ones only"),
    ]
    subjects = [(one.subject, phrases.RELATIONS[one.relation], str(one.entries_count)) for one in report.subjects]
    story: list[Flowable] = [
        _text(f"Evidence for {report.subject}", _TITLE),
        _text(phrases.scope(report)),
        _text(phrases.limits()),
        _text("The record", _SECTION),
        _table([], pinned, (30 * mm, 140 * mm)),
        Spacer(0, 8),
        _table([("Subject", "Why", "Entries")], subjects, (70 * mm, 70 * mm, 30 * mm)),
    ]
    if report.not_followed:
        story.append(_text(f"Not followed, as too much hangs on them: {', '.join(report.not_followed)}."))
    for framework in report.frameworks:
        story += [PageBreak(), *_framework(framework, report.subject)]
    return story


def _framework(framework: AnsweredFramework, subject: str) -> list[Flowable]:
    story: list[Flowable] = [
        _text(framework.title, _FRAMEWORK),
        _text(f"{framework.source}. Sections as of version {framework.version} ({framework.digest}).", _SMALL),
        _text(f"{framework.answered_count} of {framework.questions_count} questions have something on record."),
    ]
    for section in framework.sections:
        story += [_text(section.title, _SECTION), _text(section.clause, _SMALL)]
        for question in section.questions:
            story += _question(question, subject)
    return story


def _question(question: AnsweredQuestion, subject: str) -> list[Flowable]:
    story: list[Flowable] = [_text(question.title, _QUESTION), _text(question.clause, _SMALL)]
    if question.is_empty:
        story.append(_text(phrases.NOTHING))
    if question.statements:
        rows = [_row(statement, subject) for statement in question.statements]
        story.append(_table([("What", "On record", "Where")], rows, _COLUMNS))
    story += [_text(phrases.unread(item)) for item in question.unread]
    if question.not_shown_count:
        story.append(_text(phrases.not_shown(question.not_shown_count), _SMALL))
    return story


def _row(statement: Statement, subject: str) -> tuple[str, str, str]:
    about = "" if statement.subject in ("", subject) else f"\n{statement.subject}"
    when = f"\n{statement.at}" if statement.at else ""
    return statement.label + about, statement.text, phrases.entries(statement.indexes) + when


def _table(heads: list[Any], rows: list[Any], widths: tuple[float, ...]) -> LongTable:
    """Return a table whose head stands on every page, and whose third column is small: it cites."""
    styles = (_BODY, _BODY, _SMALL)
    cells = [[_text(cell, _HEAD) for cell in row] for row in heads]
    cells += [[_text(cell, style) for cell, style in zip(row, styles, strict=False)] for row in rows]
    return LongTable(cells, colWidths=widths, style=_GRID, splitInRow=1, hAlign="LEFT", repeatRows=len(heads))


def _text(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    shown = text if len(text) <= _CELL_CHARACTERS else text[:_CELL_CHARACTERS] + " …"
    return Paragraph(escape(shown, quote=False).replace("\n", "<br/>"), style)
