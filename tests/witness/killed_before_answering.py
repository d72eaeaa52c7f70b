"""A witness that is killed after it stored a checkpoint and before it answers."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from typing_extensions import override

from govbus.audit_log.witness.judging import Cosigned
from govbus.audit_log.witness.state import WitnessState
from govbus.audit_log.witness.web import build_web
from witness.desk import witness_of


class DyingState(WitnessState):
    """Stores like any other, and that was its last act."""

    @override
    def advance(self, origin: str, decide: Callable[[Cosigned], Cosigned]) -> Cosigned:
        super().advance(origin, decide)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


if __name__ == "__main__":
    made = witness_of(DyingState(Path(sys.argv[1])))
    uvicorn.run(build_web(made), port=int(sys.argv[2]), log_config=None)
