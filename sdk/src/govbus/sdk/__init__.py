"""What a platform team installs: emit, gate, verify.

`Emitter` spools on this machine and sends in the background; nothing that it took is lost:

>>> from govbus.sdk import Emitter
>>> with Emitter(source="//demo/platform") as emitter:
...     emitter.emit("model.registered", subject="model/demo/churn", data={"purpose": "predict churn"})

`Govbus` asks and answers at once:

>>> from govbus.sdk import Govbus, new_event
>>> with Govbus() as govbus:
...     govbus.emit(new_event("model.registered", "model/demo/churn", {"purpose": "…"}, source="//demo/platform"))
"""

from govbus.sdk.async_emitter import AsyncEmitter
from govbus.sdk.client import Govbus
from govbus.sdk.cloudevents import NotAnEvent, new_event
from govbus.sdk.emitter import Emitter, EventId, Flushed
from govbus.sdk.emitting import Result
from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import GovbusFailure, NotConfigured, NotProved, Refused, SpoolFull, SpoolUnusable, Unreachable
from govbus.sdk.gate import Decision, Reason
from govbus.sdk.spool.rows import Limits, SpoolStatus

__all__ = [
    "AsyncEmitter",
    "Decision",
    "Emitter",
    "Endpoints",
    "EventId",
    "Flushed",
    "Govbus",
    "GovbusFailure",
    "Limits",
    "NotAnEvent",
    "NotConfigured",
    "NotProved",
    "Reason",
    "Refused",
    "Result",
    "SpoolFull",
    "SpoolStatus",
    "SpoolUnusable",
    "Unreachable",
    "find_endpoints",
    "new_event",
]
