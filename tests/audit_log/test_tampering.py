"""Whatever is done to a stored log is found, and said to be where it was done: 10,000 times with `make tamper`.

GOVBUS_TAMPERINGS says how often, GOVBUS_TAMPER_SEED repeats a run.
"""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from audit_log.log_tampering import KINDS, Log, Tampered
from audit_log.stored_log import entries_of, write_folder
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.folder_check import check_folder
from govbus.sdk.translog.log_folder import LogFolder
from govbus.sdk.translog.trust import trust_in
from sdk.static_log import signer

TAMPERINGS_COUNT = int(os.environ.get("GOVBUS_TAMPERINGS", "300"))
SEED = int(os.environ.get("GOVBUS_TAMPER_SEED", str(time.time_ns())))
OLDER = (100, 256, 700)
ENTRIES = entries_of(820)
TRUST = trust_in([str(signer().key)])
A_THIRD_OF_A_SECOND_EACH = 0.3


@pytest.mark.timeout(60 + TAMPERINGS_COUNT * A_THIRD_OF_A_SECOND_EACH)
def test_every_tampering_is_found_and_located(tmp_path: Path) -> None:
    """The log is put back after each, by the files that were touched."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    whole = write_folder(tmp_path / "whole", ENTRIES, OLDER)
    folder = tmp_path / "log"
    missed: list[str] = []
    for turn in range(TAMPERINGS_COUNT):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        kind = KINDS[turn % len(KINDS)]
        tampered = kind(Log(folder, ENTRIES, OLDER), chance)
        told = _told(folder, tampered)
        if told is not None:
            missed.append(f"{kind.__name__}: {tampered.said}: {told}")
    print(f"{TAMPERINGS_COUNT} tamperings, GOVBUS_TAMPER_SEED={SEED}")  # noqa: T201 - repeats the run
    assert not missed, f"GOVBUS_TAMPER_SEED={SEED}\n" + "\n".join(missed[:20])


def _told(folder: Path, tampered: Tampered) -> str | None:
    """Return what is wrong with the answer of the check, None when it named the place."""
    seen = [] if tampered.seen is None else [("seen", tampered.seen)]
    try:
        check_folder(LogFolder(folder), TRUST, seen=seen, tell=lambda *_: None)
    except NotProved as error:
        named = {(one.place, one.index) for one in error.differences}
        return None if tampered.named(named) else f"named {sorted(named, key=str)[:5]}"
    return "not found"
