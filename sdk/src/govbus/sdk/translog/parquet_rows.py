"""Rows of a Parquet export; needs the extra `parquet` and is imported only when there is such a file."""

from collections.abc import Iterator
from typing import IO, Any, Final

from pyarrow import ArrowException, parquet

from govbus.sdk.failures import NotProved

_BATCH_COUNT: Final = 1000
"""Rows in memory at a time."""


def rows(file: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    """Yield the columns of each row, in the order of the file.

    Raises:
        NotProved: not Parquet.
    """
    try:
        with parquet.ParquetFile(file) as opened:
            for batch in opened.iter_batches(_BATCH_COUNT):
                yield from batch.to_pylist()
    except (ArrowException, OSError) as error:
        raise NotProved.at(name, f"is not a Parquet file that can be read: {str(error).splitlines()[0]}") from None
