"""The HTTP edge of the audit log: the static C2SP surface, proofs, entries, and the stream."""
