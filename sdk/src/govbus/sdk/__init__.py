"""What a platform team installs: emit, gate, verify.

>>> from govbus.sdk import Govbus, new_event
>>> with Govbus() as govbus:
...     govbus.emit(new_event("model.registered", "model/demo/churn", {"purpose": "…"}, source="//demo/platform"))
"""

from govbus.sdk.client import Govbus
from govbus.sdk.cloudevents import NotAnEvent, new_event
from govbus.sdk.emitting import Result
from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import GovbusFailure, NotConfigured, NotProved, Refused, Unreachable
from govbus.sdk.gate import Decision, Reason

__all__ = [
    "Decision",
    "Endpoints",
    "Govbus",
    "GovbusFailure",
    "NotAnEvent",
    "NotConfigured",
    "NotProved",
    "Reason",
    "Refused",
    "Result",
    "Unreachable",
    "find_endpoints",
    "new_event",
]
