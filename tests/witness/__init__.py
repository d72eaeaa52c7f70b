"""Tests of the witness server."""
