"""Tools from npm, in the versions of `package-lock.json`: installed once into the user's cache."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INSTALL_TIMEOUT_SECONDS = 240
RUN_TIMEOUT_SECONDS = 120
_FILES = ("package.json", "package-lock.json")


def why_not() -> str:
    """Return which program is missing, nothing when all are there."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"no {' and no '.join(missing)}: install Node.js 20 or newer" if missing else ""


def installed() -> Path:
    """Return the folder with the tools; another set of versions is another folder."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "govbus" / "npm"
    folder = cache / digest
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _install(cache, folder)
    return folder


def node(folder: Path, script: Path, *arguments: str) -> Any:
    """Run a script among the tools; return the JSON value that it writes."""
    command = ["node", "--input-type=module", "-", *arguments]
    done = subprocess.run(
        command, cwd=folder, input=script.read_text("utf-8"), capture_output=True, text=True, check=False,
        timeout=RUN_TIMEOUT_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compile_strictly(folder: Path, *files: Path) -> list[str]:
    """Return what the TypeScript compiler says against files, a line each; nothing when they are right."""
    command = ["node_modules/.bin/tsc", "--strict", "--noEmit", "--ignoreConfig", "--target", "es2022"]
    done = subprocess.run(
        [*command, *(str(file) for file in files)], cwd=folder, capture_output=True, text=True, check=False,
        timeout=RUN_TIMEOUT_SECONDS,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if ": error " in line]
    assert bool(lines) == bool(done.returncode), done.stdout + done.stderr
    return lines


def _install(cache: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as fresh:
        for name in _FILES:
            shutil.copy(HERE / name, fresh)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=fresh, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_SECONDS)
        Path(fresh).rename(folder)
