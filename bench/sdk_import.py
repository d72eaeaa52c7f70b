"""What `import govbus.sdk` costs a program that starts: processor time of fresh interpreters."""

import subprocess
import sys
from statistics import median
from typing import Final

LIMIT_SECONDS: Final = 0.25
TRIES_COUNT: Final = 9
_STATEMENT: Final = "import time; begun = time.process_time(); import govbus.sdk; print(time.process_time() - begun)"


def main() -> int:
    """Print the median and return 1 when it is above the limit."""
    seconds = median(_import_seconds() for _ in range(TRIES_COUNT))
    sys.stdout.write(f"import govbus.sdk   p50 {seconds * 1000:.0f} ms   limit {LIMIT_SECONDS * 1000:.0f} ms\n")
    return 0 if seconds <= LIMIT_SECONDS else 1


def _import_seconds() -> float:
    done = subprocess.run([sys.executable, "-c", _STATEMENT], check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
