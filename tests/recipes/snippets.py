"""The named snippets of docs/recipes, run out of the file."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from backends.running import CHECKOUT

RECIPES = CHECKOUT / "docs" / "recipes"
COMMAND_SECONDS = 120.0
_FENCE = re.compile(r"^```(?P<language>\w+) (?P<name>[\w-]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(page: str) -> dict[str, str]:
    """Return the snippets of a page by name."""
    found = {match["name"]: match["text"] for match in _FENCE.finditer((RECIPES / page).read_text(encoding="utf-8"))}
    assert found, f"{page} has no named snippet"
    return found


def run_shell(script: str, environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a snippet with bash, as its reader would; nothing of this machine's Govbus is visible to it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")}
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        env={**own, **environment}, cwd=folder, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
