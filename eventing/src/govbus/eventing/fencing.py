# ruff: noqa: SLF001 - aiokafka has no fencing without transactions, pinned below 0.15
"""A producer that shuts out every earlier one of its name, without transactions.

Kafka gives producers of one transactional id one producer id and a higher epoch each; a partition that has seen an
epoch refuses records of lower ones. That holds for plain records, too, so no transaction is begun: their markers would
be holes in the topic for every reader.

Source: KIP-98, "Transactional guarantees"; a broker that did not do so fails `tests/eventing/test_fencing.py`.
"""

from aiokafka import AIOKafkaProducer

from govbus.eventing.kafka import new_producer, stop_producer
from govbus.eventing.settings import ServiceSettings


async def start_fenced(settings: ServiceSettings, fencing_id: str) -> AIOKafkaProducer:
    """Return a started idempotent producer; from its first record on, earlier ones of `fencing_id` write nothing more.

    Raises:
        KafkaError: the broker is away, or the principal may not use the id.
    """
    producer = new_producer(settings, fencing_id, fencing_id)
    try:
        await producer.start()
    except BaseException:
        await stop_producer(producer)
        raise
    producer._txn_manager.transactional_id = None
    return producer
