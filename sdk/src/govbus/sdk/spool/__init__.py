"""The durable spool: events that were said and not yet taken, in one SQLite file that several processes may share."""
