"""The one-command local stack: PostgreSQL and Apache Kafka from packages, every service, one front door.

Decides nothing about models. Everything it keeps lies under one data folder (`GOVBUS_HOME`, default `.govbus`),
secrets there are readable by their owner alone, and whatever it starts ends with it.
"""
