"""Inventory's tables. A record's states are only ever added; `record` repeats the newest of each for lists."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

_MOMENT = DateTime(timezone=True)
_ORDERED = Text(collation="C")
"""Compared byte by byte: keyset pages need one order, whatever the server's locale."""


def _state_columns() -> list[Column[object]]:
    return [
        Column("subject", _ORDERED, nullable=False),
        Column("version", _ORDERED, nullable=False),
        Column("number", Integer, nullable=False),
        Column("fields", JSONB, nullable=False),
        Column("registered", Boolean, nullable=False),
        Column("classification", Text, nullable=False),
        Column("said_at", _MOMENT, nullable=False),
        Column("known_at", _MOMENT, nullable=False),
        Column("cause_source", Text, nullable=False),
        Column("cause_type", Text, nullable=False),
        Column("cause_id", Text, nullable=False),
    ]


record = Table(
    "record",
    metadata,
    *_state_columns(),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("subject", "version", name="record_pkey"),
    CheckConstraint("kind IN ('model', 'model_version')", name="record_kind"),
    CheckConstraint("(kind = 'model') = (version = '')", name="record_version_of_kind"),
    CheckConstraint("registered OR kind = 'model'", name="record_seen_only_as_model"),
    CheckConstraint(
        "classification IN ('public', 'internal', 'confidential', 'personal')", name="record_classification"
    ),
    CheckConstraint("jsonb_typeof(fields) = 'object'", name="record_fields_object"),
    CheckConstraint("number >= 1", name="record_number_counts"),
)
Index("record_of_kind", record.c.kind, record.c.subject, record.c.version)
Index("record_fields", record.c.fields, postgresql_using="gin", postgresql_ops={"fields": "jsonb_path_ops"})

record_state = Table(
    "record_state",
    metadata,
    *_state_columns(),
    PrimaryKeyConstraint("subject", "version", "number", name="record_state_pkey"),
    ForeignKeyConstraint(["subject", "version"], ["record.subject", "record.version"], name="record_state_of_record"),
    CheckConstraint("number >= 1", name="record_state_number_counts"),
    CheckConstraint("jsonb_typeof(fields) = 'object'", name="record_state_fields_object"),
)
Index("record_state_known", record_state.c.subject, record_state.c.version, record_state.c.known_at)

deployment = Table(
    "deployment",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("subject", _ORDERED, nullable=False),
    Column("environment", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("deployed_by", Text),
    Column("ticket", Text),
    Column("deployed_at", _MOMENT, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("cause_source", Text, nullable=False),
    Column("cause_type", Text, nullable=False),
    Column("cause_id", Text, nullable=False),
    CheckConstraint("environment <> '' AND version <> ''", name="deployment_somewhere"),
)
Index("deployment_of_subject", deployment.c.subject, deployment.c.environment, deployment.c.position)
Index(
    "deployment_of_cause",
    deployment.c.subject,
    deployment.c.cause_source,
    deployment.c.cause_type,
    deployment.c.cause_id,
    unique=True,
)
