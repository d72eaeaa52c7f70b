"""Sets of indexes as ranges: what was erased or held, in memory that grows with the gaps, not with the entries."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Range = tuple[int, int]
"""First and last index, both in it."""


def ranges_of(indexes: Iterable[int]) -> tuple[Range, ...]:
    """Return the fewest ranges that hold exactly these indexes, in order."""
    return merged((index, index) for index in indexes)


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the fewest ranges that hold exactly what these hold, in order."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def holds(ranges: Sequence[Range], index: int) -> bool:
    """Return whether merged ranges hold an index."""
    place = bisect_right(ranges, index, key=lambda item: item[0])
    return place > 0 and ranges[place - 1][1] >= index


def count_of(ranges: Iterable[Range]) -> int:
    """Return how many indexes there are."""
    return sum(last - first + 1 for first, last in ranges)
