"""Kafka edge: facts become states of records."""

from govbus.contracts import topics
from govbus.eventing.delivery import Delivery, Unprocessable
from govbus.inventory.announcing import announce
from govbus.inventory.domain.folding import decide, keys_of
from govbus.inventory.statements import NotAModel, read_fact
from govbus.inventory.store import deployments, records


async def on_fact(delivery: Delivery) -> None:
    """Fold one fact into the records it concerns and say what changed."""
    try:
        fact = read_fact(delivery.event, delivery.payload)
    except NotAModel as error:
        raise Unprocessable("not_a_model", str(error)) from error
    if fact is None:
        return
    outcome = decide(fact, await records.load(delivery.connection, keys_of(fact)))
    if outcome.step is not None:
        await records.save(delivery.connection, outcome.step.after)
    if outcome.deployment is not None:
        await deployments.add(delivery.connection, fact, outcome.deployment)
    for event in announce(outcome, delivery.event):
        delivery.outbox.append(event, topics.INVENTORY)
