"""The decoder of tables: no row lost, no cell hidden by another, no unbounded memory, no exception but a refusal."""

import csv as reference
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.intake.domain.decoders import csv
from govbus.intake.domain.refusals import Refused


def decoded(raw: bytes, **options: Any) -> Any:
    """Return what the decoder makes of the bytes."""
    return csv.decode(raw, options)


def refusal(raw: bytes, **options: Any) -> str:
    """Return the reason for which the bytes are refused."""
    with pytest.raises(Refused) as refused:
        csv.decode(raw, options)
    return refused.value.reason


def test_cells_are_text_under_their_column_and_an_empty_cell_is_empty_text() -> None:
    assert decoded(b"name,since\nBabel,2023\nOnyx,\n") == {
        "header": ["name", "since"],
        "layout": None,
        "rows": [{"name": "Babel", "since": "2023"}, {"name": "Onyx", "since": ""}],
    }


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read_and_kept_inside_of_quotes(line_end: bytes) -> None:
    raw = line_end.join([b"name,purpose", b'Babel,"one', b'two, ""three"""', b"Onyx,x"])
    assert [row["purpose"] for row in decoded(raw)["rows"]] == [f'one{line_end.decode()}two, "three"', "x"]


def test_line_separators_that_only_unicode_knows_do_not_cut_a_row() -> None:
    assert decoded("name,purpose\nBabel,a\u2028b\x0bc\x85d\n".encode())["rows"] == [
        {"name": "Babel", "purpose": "a\u2028b\x0bc\x85d"}
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert decoded(b"\xef\xbb\xbfname\nBabel\n")["header"] == ["name"]


def test_encodings_are_tried_in_order() -> None:
    stated = {"encodings": ["utf-8", "cp1252"]}
    assert decoded("name\nd\u00e9rive\u2019s\n".encode(), **stated)["rows"] == [{"name": "d\u00e9rive\u2019s"}]
    assert decoded("name\nd\u00e9rive\u2019s\n".encode("cp1252"), **stated)["rows"] == [{"name": "d\u00e9rive\u2019s"}]


def test_a_byte_order_mark_before_cp1252_is_taken_off_too() -> None:
    raw = b"\xef\xbb\xbf" + "name\n\u2019\n".encode("cp1252")
    assert decoded(raw, encodings=["utf-8", "cp1252"]) == {
        "header": ["name"],
        "layout": None,
        "rows": [{"name": "\u2019"}],
    }


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "undecodable"),
        (b"\n\n", "undecodable"),
        (b"name\n\xff\n", "invalid_utf8"),
        (b"name\nBa\x00bel\n", "undecodable"),
        ("name\nBabel\n".encode("utf-16"), "invalid_utf8"),
        (b'name\n"never closed\n', "undecodable"),
        (b'name\n"closed" too early\n', "undecodable"),
        (b"name\n" + b"x" * 200_000, "undecodable"),
        (b"," * 2_000, "too_large"),
        (b"a\n" + b"1\n" * 100_001, "too_large"),
        (b"a,b,c,d,e,f,g,h,i,j\n" + b"1,2,3,4,5,6,7,8,9,0\n" * 50_001, "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    assert refusal(raw) == reason


def test_bytes_that_no_encoding_reads_are_refused() -> None:
    assert refusal(b"name\n\x81\n", encodings=["utf-8", "cp1252"]) == "undecodable"


def test_the_broken_line_is_named() -> None:
    with pytest.raises(Refused, match="line 3"):
        csv.decode(b'name\nBabel\n"x"y\n', {})


def test_a_row_with_too_many_or_too_few_cells_is_kept_and_marked() -> None:
    assert decoded(b"a,b\n1,2,3,\n1\n")["rows"] == [
        {"a": "1", "b": "2", "surplus_cells": ["3", ""]},
        {"a": "1", "missing_cells_count": 1},
    ]


def test_a_header_that_repeats_itself_hides_no_cell() -> None:
    raw = b"why,why,why#2,why,surplus_cells,digest\n1,2,3,4,5,6,7\n"
    (row,) = decoded(raw, digest="digest")["rows"]
    assert len(row.pop("digest")) == 64
    assert row == {
        "why": "1",
        "why#2": "2",
        "why#2#2": "3",
        "why#3": "4",
        "surplus_cells#2": "5",
        "digest#2": "6",
        "surplus_cells": ["7"],
    }


LAYOUT = {"name": "second", "header": {0: "Use Case Name", 2: "If Other, please explain."}, "columns": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("header", "layout"),
    [
        (b'Use Case Name,x,"If Other, please explain."', "second"),
        (b' use  case\tname ,x,"If Other,\nplease explain."', "second"),
        (b'Use Case Name,x,"If Other, please explain.",more', None),
        (b'x,Use Case Name,"If Other, please explain."', None),
    ],
)
def test_a_layout_names_columns_by_position_only_where_the_header_fits(header: bytes, layout: str | None) -> None:
    table = decoded(header + b"\n1,2,3\n", layouts=[LAYOUT])
    assert table["layout"] == layout
    assert ("a" in table["rows"][0]) is (layout is not None)


def test_rows_are_numbered_among_their_equals_in_the_order_of_the_file() -> None:
    raw = b"agency,name,year\nVA,Generative,1\nVA,Babel,1\nVA ,Generative,2\nDOE,Generative,1\n"
    table = decoded(raw, trim=True, ordinal={"column": "ordinal", "of": ["agency", "name"]})
    assert [row["ordinal"] for row in table["rows"]] == [1, 1, 2, 1]


def test_trimming_takes_no_break_spaces_off_and_leaves_the_inside_of_a_cell_alone() -> None:
    assert decoded("a,b\n No\u00a0,x  y\n\n".encode(), trim=True)["rows"] == [{"a": "No", "b": "x  y"}]


def test_the_digest_of_a_row_covers_its_cells_as_they_came() -> None:
    rows = decoded(b"a,b\nx,y\nx,y\nx ,y\nxy,\n", trim=True, digest="digest")["rows"]
    assert rows[0]["digest"] == rows[1]["digest"]
    assert len({row["digest"] for row in rows}) == 3


def test_the_filled_cells_of_a_row_can_stand_together() -> None:
    raw = b"name,why,cells\nBabel, ,x,more\nOnyx\n"
    rows = decoded(raw, trim=True, filled="cells", digest="digest")["rows"]
    assert [row["cells"] for row in rows] == [{"name": "Babel", "cells#2": "x"}, {"name": "Onyx"}]


def test_an_unknown_option_is_a_mistake_in_the_mapping() -> None:
    with pytest.raises(ValueError, match="no option 'separator'"):
        csv.decode(b"a\n", {"separator": ";"})


def test_another_delimiter_can_be_stated() -> None:
    assert decoded(b"a;b\n1,5;2\n", delimiter=";")["rows"] == [{"a": "1,5", "b": "2"}]


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2).filter(any), max_size=8))
def test_every_row_that_a_writer_wrote_comes_back(rows: list[list[str]]) -> None:
    lines = ["a,b\r\n"]
    lines.extend(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows)
    assert [[row["a"], row["b"]] for row in decoded("".join(lines).encode())["rows"]] == rows


@given(raw=st.binary(max_size=200))
def test_any_bytes_give_a_table_or_a_refusal(raw: bytes) -> None:
    try:
        table = decoded(raw, encodings=["utf-8", "cp1252"], trim=True)
    except Refused:
        return
    assert set(table) == {"header", "layout", "rows"}


def test_the_limit_of_one_cell_is_that_of_the_runtime() -> None:
    assert reference.field_size_limit() == 131_072
