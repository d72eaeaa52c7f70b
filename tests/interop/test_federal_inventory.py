"""The published inventory of 2024 in the layout that is not among the samples: by position it means the same."""

import csv
import io
from pathlib import Path

import pytest

from intake.mappings.inventories import V1, first_layout, second_layout
from intake.mappings.reading import facts

pytestmark = pytest.mark.interop


def test_the_published_rows_mean_the_same_in_both_layouts(samples: Path) -> None:
    published = (samples / "federal_inventory" / "2024_consolidated_ai_inventory_raw.csv").read_bytes()
    header, *rows = csv.reader(io.StringIO(published.decode("utf-8-sig"), newline=""))
    assert header == V1
    kept = [[cell.encode("cp1252", "replace").decode("cp1252") for cell in row] for row in rows]
    asked = facts("federal_inventory", second_layout(*kept))
    assert len(asked) == 1_757
    assert asked == facts("federal_inventory", first_layout(*kept))
