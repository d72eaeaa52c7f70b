"""Tests of the delivered mappings, one file per platform, on small payloads of our own making."""
