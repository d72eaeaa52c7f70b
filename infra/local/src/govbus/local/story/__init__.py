"""The first look: one story of a model, played through HTTP, Kafka and the CLI only, each step checked."""
