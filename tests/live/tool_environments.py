"""Environments of the tools that live tests run: each in a folder of its own, installed once and kept."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from backends.running import CHECKOUT

INSTALL_SECONDS = 600
REQUIREMENTS = {
    "mlflow": ("mlflow==3.17.2",),
    "openlineage": ("openlineage-python==1.54.0",),
    "evidently": ("evidently==0.7.23", "pandas<3"),
    "great_expectations": ("great_expectations==1.24.1",),
}


def tool_python(tool: str) -> Path:
    """Return the Python of an environment that has the tool; skips, saying so, where it cannot be installed."""
    requirements = REQUIREMENTS[tool]
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    folder = _cache() / f"{tool}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run(tool, [_uv(), "venv", "--quiet", "--python", "3.11", str(folder)])
        _run(tool, [_uv(), "pip", "install", "--quiet", "--python", str(python), *requirements])
        (folder / "installed").touch()
    return python


def _cache() -> Path:
    stated = os.environ.get("XDG_CACHE_HOME")
    return (Path(stated) if stated else Path.home() / ".cache") / "govbus" / "live-tools"


def _uv() -> str:
    own = CHECKOUT / ".uv-tool" / "bin" / "uv"
    return str(own) if own.exists() else "uv"


def _run(tool: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"{tool} cannot be installed here: {done.stderr.strip()[-300:]}")
