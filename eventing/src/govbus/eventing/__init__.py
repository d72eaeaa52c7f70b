"""The delivery guarantee of Govbus, written once: nothing lost, nothing done twice.

State, consumer offset and outgoing events change in one PostgreSQL transaction; a relay publishes what was committed.
"""
