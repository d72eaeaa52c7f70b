"""The stranger's checker as a program: built once a session, with Debian's packages or with the module proxy."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DEBIAN_GOPATH = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts its sources."""

BUILD_SECONDS = 240


def build_checker(folder: Path) -> Path:
    """Return the program, built into `folder`; the test skips, saying so, where there is no Go or no x/mod."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("no `go` here: install golang-go and golang-golang-x-mod-dev to run the stranger's checker")
    binary = folder / "checker"
    environment = {**os.environ, "GOFLAGS": "-mod=readonly"}
    if (DEBIAN_GOPATH / "src/golang.org/x/mod").is_dir():
        environment |= {"GO111MODULE": "off", "GOPATH": str(DEBIAN_GOPATH), "GOFLAGS": ""}
    built = subprocess.run(
        [go, "build", "-o", str(binary), "."],
        cwd=HERE, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip
    if built.returncode:
        pytest.skip(f"golang.org/x/mod is not to be had here: {built.stderr.splitlines()[-1]}")
    return binary


def run_checker(checker: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Return what the checker said."""
    return subprocess.run([checker, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
