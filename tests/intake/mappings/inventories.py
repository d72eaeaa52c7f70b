"""The layouts of the federal inventories, as files of our own making."""

import csv
import io
from collections.abc import Sequence

from intake.mappings.reading import installed

V1: list[str] = installed("federal_inventory").decoder.options["layouts"][0]["columns"]
"""The short names of 2024's first layout, in the order that both layouts have."""

V2 = {0: "Use Case Name", 1: "Agency", 2: "Agency Abbreviation", 3: "Bureau", 4: "Use Case Topic Area"} | {
    9: "Stage of Development",
    11: "Date Initiated",
    13: "Date Implemented",
    14: "Date Retired",
    34: "System Name",
}
"""The questions of the second layout that are known word by word."""

HEADER_2023 = (
    *("Use_Case_ID", "Department_Code", "Agency", "Office", "Title", "Summary", "Development_Stage", "Techniques"),
    *("Source_Code", "Department"),
)

HEADER_2025 = (
    *("agency", "agency_name", "id", "use_case_name", "agency_bureau", "contact_email", "development_stage"),
    *("is_high_impact", "problem_solved", "benefits", "operational_date", "vendor_name", "has_pii"),
)
"""Some of the columns of the use cases that 2025 reports one by one."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as a spreadsheet writes it."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows([header, *rows])
    return written.getvalue()


def use_case(name: str = "Babel", **cells: str) -> list[str]:
    """Return a row of 2024; cells are named by what follows the number of their column."""
    row = dict.fromkeys(V1, "")
    row |= {"2_use_case_name": name, "3_agency": "Department of Homeland Security", "3_abr": "DHS", "4_bureau": "CBP"}
    for column in V1:
        row[column] = cells.get(column.partition("_")[2], row[column])
    return [row[column] for column in V1]


def first_layout(*rows: list[str]) -> bytes:
    """Return a file of 2024 with short names, in UTF-8 with a byte order mark."""
    return b"\xef\xbb\xbf" + table(V1, rows).encode()


def second_layout(*rows: list[str]) -> bytes:
    """Return a file of 2024 that asks in full sentences, one of them nine times, in cp1252."""
    repeated = [at for at, name in enumerate(V1) if name.endswith("question_type") and name != "8_question_type"]
    header = [V2.get(at, "If Other, please explain." if at in repeated else f"Question {at}?") for at in range(len(V1))]
    return table(header, rows).encode("cp1252")
