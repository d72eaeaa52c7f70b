"""The delivery guarantee, on a real PostgreSQL and a real Kafka."""
