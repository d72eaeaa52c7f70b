"""Makes one evidence pack in a process of its own: `python -m govbus.audit_log.packing`, the task on standard input.

Rendering takes seconds of processor time and tens of megabytes; the log's own process has neither to spare.
"""
