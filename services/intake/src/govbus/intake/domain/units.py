"""Units of input: what came in by one request, batch element, delivery or record, read into drafts or refused.

Pure: the same bytes, source and mappings give the same units. Nothing is looked up and nothing is decided that
needs state.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from govbus.contracts.envelope import STRUCTURED_CONTENT_TYPE
from govbus.contracts.identity import event_identity
from govbus.intake.domain import http_binding, kafka_binding
from govbus.intake.domain.applying import Mappings
from govbus.intake.domain.deliveries import read_carried
from govbus.intake.domain.http_binding import Mode
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.json_format import read_structured, split_batch
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Said, read
from govbus.intake.domain.sequence import numbered
from govbus.intake.domain.source import Source

CLAIMED: Final = ("source", "type", "id", "subject")


def read_request(input_: Input, source: Source, mappings: Mappings, now: datetime) -> tuple[Mode, list[Unit]]:
    """Return the mode of a CloudEvents request and its units; in batch mode each element is judged on its own.

    Raises:
        Refused: the request as a whole is no CloudEvents request.
    """
    mode = http_binding.mode_of(input_.headers)
    if mode is Mode.BATCH:
        headers = (("content-type", STRUCTURED_CONTENT_TYPE),)
        elements = [Input(input_.channel, headers, raw) for raw in split_batch(input_.raw)]
        return mode, [_event_unit(one, partial(read_structured, one.raw), source, mappings, now) for one in elements]
    if mode is Mode.STRUCTURED:
        return mode, [_event_unit(input_, partial(read_structured, input_.raw), source, mappings, now)]
    parse = partial(http_binding.read_binary, input_.headers, input_.raw)
    return mode, [_event_unit(input_, parse, source, mappings, now)]


def read_record(
    headers: kafka_binding.Headers, value: bytes | None, source: Source, mappings: Mappings, now: datetime
) -> Unit:
    """Return the unit of one Kafka record: never raises, rubbish is a refused unit."""
    texts = tuple((name.lower(), (raw or b"").decode("utf-8", "replace")) for name, raw in headers)
    input_ = Input("kafka", texts, value or b"")
    return _event_unit(input_, partial(kafka_binding.read, headers, value), source, mappings, now)


def _event_unit(input_: Input, parse: Callable[[], Said], source: Source, mappings: Mappings, now: datetime) -> Unit:
    claimed: dict[str, str] = {}
    try:
        said = parse()
        claimed = {name: said.attributes[name] for name in CLAIMED if name in said.attributes}
        draft = read(said, now)
    except Refused as refusal:
        return Unit(input_, refused=refusal.kept(), claimed=claimed)
    number = numbered(said.attributes)
    reading = mappings.get(source.mapping) if source.mapping else None
    if reading is not None and any(fnmatchcase(draft.event.type, glob) for glob in reading.carried_types):
        carrying = Unit(input_, carrier=event_identity(draft.event), claimed=claimed, numbered=number)
        return read_carried(carrying, draft.event, reading, source, mappings, now)
    return Unit(input_, drafts=(draft,), claimed=claimed, numbered=number)


def stated_sources(units: Sequence[Unit]) -> set[str]:
    """Return every `source` that the units' senders wrote, to be checked against who is registered."""
    drafted = {draft.event.source for unit in units for draft in unit.drafts}
    return drafted | {unit.claimed["source"] for unit in units if "source" in unit.claimed and not unit.refused}
