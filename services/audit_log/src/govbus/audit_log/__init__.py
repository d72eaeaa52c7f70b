"""The audit log: gives every record of the logged topics one place in one order, and proves it.

Decides: which index a record gets, and which tree it signs. Topics in: `govbus.facts`, `.rejected`, `.inventory`,
`.risk`, `.oversight`, `.notifications`. Topic out: `govbus.audit` (`entry.published`, `checkpoint.published`).
Owns: entries, payloads, tiles, checkpoints, the head of the log, and how far each outside place has come.
"""
