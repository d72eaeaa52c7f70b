"""The document of all events and its page: `python -m govbus.local.event_docs docs/events` writes both.

The page is static: no script, no request but for its style sheet, so that it can be read from a disk as well.
"""
