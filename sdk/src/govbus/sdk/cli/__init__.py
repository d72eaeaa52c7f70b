"""The command `govbus`: exit codes 0 ok, 1 refused or denied, 2 usage, 3 unreachable; `--json` everywhere."""

from govbus.sdk.cli.program import main

__all__ = ["main"]
