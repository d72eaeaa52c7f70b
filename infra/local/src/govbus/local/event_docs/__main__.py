"""Writes `asyncapi.json` and `index.html` of the checkout one stands in into the folder given as only argument."""

import sys
from pathlib import Path

from govbus.local.event_docs.document import DOCUMENT_NAME, document, document_text
from govbus.local.event_docs.page import PAGE_NAME, page
from govbus.local.layout import find_checkout


def main(arguments: list[str]) -> int:
    """Write both files; 2 for wrong usage."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m govbus.local.event_docs <folder>\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    found = document(find_checkout(Path.cwd()))
    for name, text in ((DOCUMENT_NAME, document_text(found)), (PAGE_NAME, page(found))):
        (folder / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"written {folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
