"""Oversight decides what people must look at, and keeps what they did about it.

Topics in: `govbus.facts` (incident.reported), `govbus.risk` (risk.scored, threshold.breached, drift.detected).
Topic out: `govbus.oversight` (incident.opened, .acknowledged, .resolved, record.parked, record.resumed).
State: incidents with their append-only history, and answers given under an Idempotency-Key.
"""
