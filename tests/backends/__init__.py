"""Where the tests' PostgreSQL and Kafka come from: `GOVBUS_TEST_BACKEND=embedded | docker | external`."""
