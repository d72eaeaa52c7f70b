"""The table at the end of a run."""

from system.crash_run import Outcome

_SHOWN_COUNT = 40


def table(outcome: Outcome) -> str:
    """Return the run's figures, one a line."""
    hits = outcome.hits
    rows = [("seed", str(outcome.seed))]
    rows += [
        (f"killed {target}", f"{count}, of them {hits.in_flight[target]} with a transaction in flight")
        for target, count in sorted(hits.kills.items())
    ]
    rows += [
        ("kills in all", f"{hits.kills.total()}, of them {hits.in_flight.total()} in flight"),
        ("  while publishing", str(hits.publishing_count)),
        ("frozen in a transaction", f"{hits.freezes_count}, of them {hits.cut_off_count} cut off by PostgreSQL"),
        ("rebalances", f"{hits.rebalances_count}, records taken over from a zombie: {hits.taken_over_count}"),
        *((name, str(count)) for name, count in outcome.figures.items()),
        ("differences", str(len(outcome.differences))),
        ("seconds", f"{outcome.seconds:.0f}"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


def told(differences: list[str]) -> str:
    """Return the differences as lines, the first ones in full."""
    lines = differences[:_SHOWN_COUNT]
    if len(differences) > _SHOWN_COUNT:
        lines.append(f"… and {len(differences) - _SHOWN_COUNT} more")
    return "\n".join(f"  {line}" for line in lines)
