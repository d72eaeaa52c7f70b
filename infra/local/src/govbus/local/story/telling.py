"""Tells the story on a running stack: once on a fresh data folder, or whenever somebody asks."""

import time
from collections.abc import Callable

from govbus.local.layout import Home
from govbus.local.refusals import Refused
from govbus.local.secret_files import read_json, write_private_json
from govbus.local.settings import LocalSettings
from govbus.local.story.plot import Plot
from govbus.local.story.world import StoryFailed, World


def was_told(home: Home) -> bool:
    """Return whether the story was told with this data folder."""
    return read_json(home.story) is not None


def tell(settings: LocalSettings, home: Home, say: Callable[[str], None]) -> None:
    """Play the story and print every step as it really happened.

    Raises:
        Refused: the stack does not run, or an answer differs from the expected one.
    """
    endpoints = read_json(home.endpoints)
    if endpoints is None:
        raise Refused(f"Nothing is ready with the data folder {home.root}: `make up` starts it.")
    began = time.monotonic()
    proof_file = home.root / "release-decision.proof.json"
    say("\nA first look: one model, from its registration to a proved release decision.\n")
    try:
        plot = Plot(World(endpoints, home.root), settings.receiver_url, proof_file, say)
        plot.play()
    except StoryFailed as failed:
        raise Refused(f"The first look failed: {failed}. The logs folder {home.root / 'logs'} says more.") from failed
    write_private_json(home.story, {"subject": plot.subject})
    say(f"\nAll of it happened in {time.monotonic() - began:.1f} s, as expected.")
    say(f"  See it again: govbus log entries --subject {plot.subject}\n")
