"""Traps of asyncio that our code fell into, each with a guard.

`asyncio.wait_for` of Python 3.11 swallows a cancellation that comes together with the result: a service told to
stop just after a commit went on for ever. `asyncio.timeout` does not.
"""

import ast
from collections.abc import Iterator

from architecture.checkout import Source, planted, product_sources


def waits_that_swallow(source: Source) -> Iterator[str]:
    """Yield every use of `asyncio.wait_for`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr == "wait_for" and ast.unparse(node.value) == "asyncio":
            yield f"{source.at(node)}: asyncio.wait_for; use asyncio.timeout"


def test_no_wait_swallows_a_cancellation() -> None:
    found = [line for source in product_sources() for line in waits_that_swallow(source)]
    assert not found, "\n".join(found)


def test_a_planted_wait_is_seen() -> None:
    source = planted("async def rest(event):\n    await asyncio.wait_for(event.wait(), 1)\n")
    assert list(waits_that_swallow(source))
