"""Runs the audit log: `python -m govbus.audit_log`."""

import gc
from typing import Final

from govbus.audit_log.app import build_app
from govbus.audit_log.settings import Settings
from govbus.eventing.serving import serve

_COLLECT_AFTER_COUNT: Final = 10_000
"""Records become thousands of objects at once, none in a cycle: looking for one every 700 costs a tenth of the rate."""

gc.set_threshold(_COLLECT_AFTER_COUNT, 10, 10)
serve(Settings, build_app)
