"""Tables that eventing keeps in every service's database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)


def attach(metadata: MetaData) -> None:
    """Add eventing's tables to a service's metadata, so that one comparison covers the whole database."""
    _attach_progress(metadata)
    _attach_outbox(metadata)
    _attach_parked(metadata)


def _attach_progress(metadata: MetaData) -> None:
    Table(
        "eventing_offset",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("muted_below", BigInteger, nullable=False, server_default="0"),
        Column("last_fingerprint", LargeBinary),
        CheckConstraint("next_offset >= 0", name="eventing_offset_not_negative"),
    )
    Table(
        "eventing_inbox",
        metadata,
        Column("identity", LargeBinary, primary_key=True),
        Column("recorded_on", Date, primary_key=True),
        CheckConstraint("octet_length(identity) = 16", name="eventing_inbox_identity_size"),
        postgresql_partition_by="RANGE (recorded_on)",
    )


def _attach_outbox(metadata: MetaData) -> None:
    Table(
        "eventing_outbox",
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=True),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def _attach_parked(metadata: MetaData) -> None:
    Table(
        "eventing_parked",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("timestamp_ms", BigInteger, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("holds_key", Boolean, nullable=False),
        Column("state", Text, nullable=False, server_default="parked"),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("settled_at", DateTime(timezone=True)),
        Column("settled_by", Text),
        CheckConstraint("state IN ('parked', 'resumed', 'discarded')", name="eventing_parked_state"),
        CheckConstraint("(state = 'parked') = (settled_at IS NULL)", name="eventing_parked_settled"),
    )
