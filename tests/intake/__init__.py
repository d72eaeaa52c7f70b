"""Tests of intake: pure parts by tables, edges against a real PostgreSQL and a real Kafka."""
