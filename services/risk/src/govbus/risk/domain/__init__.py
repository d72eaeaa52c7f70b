"""Decisions of risk as pure functions of state and event: no I/O, no clock, no randomness."""
