"""Intake's HTTP edge. Routes check, ask the reception, and answer; they return documents, never rows."""
