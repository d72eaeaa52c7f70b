"""Cuts streams into batches: each stream's order is kept, neighbouring batches belong to many streams."""

import random
from collections.abc import Sequence

from system.facts import Said, Stream

Batch = tuple[Said, ...]


def batches_of(streams: Sequence[Stream], chance: random.Random, most_count: int) -> list[Batch]:
    """Return all events of the streams in batches of up to `most_count`, streams interleaved at random."""
    waiting = {number: list(stream.said) for number, stream in enumerate(streams)}
    order: list[Said] = []
    while waiting:
        number = chance.choice(sorted(waiting))
        taken_count = chance.randint(1, 4)
        order.extend(waiting[number][:taken_count])
        del waiting[number][:taken_count]
        if not waiting[number]:
            del waiting[number]
    batches: list[Batch] = []
    while order:
        size = chance.randint(1, most_count)
        batches.append(tuple(order[:size]))
        del order[:size]
    return batches


def workers_of(streams: Sequence[Stream], workers_count: int) -> list[list[Stream]]:
    """Return the streams of each worker: a stream has one worker, so that its order is that of one sender."""
    return [list(streams[number::workers_count]) for number in range(workers_count)]
