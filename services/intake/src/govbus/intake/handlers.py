"""Intake's Kafka edge: platforms' own topics, `govbus.intake.<source>`; the topic says who wrote."""

from govbus.contracts import topics
from govbus.eventing.delivery import RawDelivery, RawHandler
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import Unit, read_record
from govbus.intake.reception import Reception
from govbus.intake.store import sources


def on_record(reception: Reception) -> RawHandler:
    """Return the handler of one record: an event is admitted, rubbish becomes `event.rejected`, nothing parks."""

    async def handle(delivery: RawDelivery) -> None:
        record = delivery.record
        name = record.topic.removeprefix(topics.INTAKE_PREFIX)
        registration = await sources.find(delivery.connection, name)
        source = registration.source if registration else _nobody(name)
        unit = read_record(record.headers, record.value, source, reception.mappings, reception.clock())
        if registration is None:
            refusal = Refused("unknown_source", f"register {name!r} with POST /v1/sources, then replay this")
            unit = Unit(unit.input, refused=refusal, claimed=unit.claimed)
        outcomes = await reception.admission.admit(delivery.connection, delivery.outbox, source, [unit])
        reception.count(outcomes)

    return handle


def _nobody(name: str) -> Source:
    return Source(name=name, uri=f"//unregistered/{name}", namespace=name)
