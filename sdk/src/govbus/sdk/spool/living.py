"""Every emitter that is open in this process: closed when the interpreter ends, made whole again after a fork.

Source: https://www.sqlite.org/howtocorrupt.html, section 2.6: a connection must not be carried over a fork.
"""

import atexit
import os
import weakref
from typing import Final, Protocol


class Living(Protocol):
    """What the end of the process and forks are told to."""

    def at_exit(self) -> None:
        """Send what can be sent in a short time; the rest stays in the spool."""

    def before_fork(self) -> None:
        """Hold still, with nothing of SQLite open."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Begin anew."""


_living: Final[weakref.WeakSet[Living]] = weakref.WeakSet()
_held: Final[list[Living]] = []


def watch(one: Living) -> None:
    """Tell `one` of the end and of forks, as long as somebody else holds it."""
    _living.add(one)


def forget(one: Living) -> None:
    """Tell it nothing any more."""
    _living.discard(one)


def _before_fork() -> None:
    _held.extend(_living)
    for one in _held:
        one.before_fork()


def _after_fork_in_parent() -> None:
    for one in _held:
        one.after_fork_in_parent()
    _held.clear()


def _after_fork_in_child() -> None:
    for one in _held:
        one.after_fork_in_child()
    _held.clear()


def _at_exit() -> None:
    for one in list(_living):
        one.at_exit()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
