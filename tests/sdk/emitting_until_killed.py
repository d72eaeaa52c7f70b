"""A program that emits numbered events and says each one after `emit` returned; it is there to be killed."""

import sys

from govbus.sdk import Emitter
from sdk.desk import SOURCE


def main(life: str, first: int) -> None:
    """Emit for ever, about ten models in turn."""
    emitter = Emitter(source=SOURCE)
    number = first
    while True:
        data = {"version": f"{number:06}"}
        emitter.emit(
            "model.version_created", subject=f"model/demo/m{number % 10}", id_=f"{life}-{number:06}", data=data
        )
        sys.stdout.write(f"{life}-{number:06}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
