"""What services may know of each other: envelope, identity, event types, topics, subjects, log formats.

Imports neither a broker nor a database. Everything here is a pure function or a frozen value.
"""
