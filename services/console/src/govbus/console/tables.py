"""Console's one table: sessions, from which neither cookie nor token can be read."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()

_MOMENT = DateTime(timezone=True)

session = Table(
    "session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("sealed_token", Text, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    CheckConstraint("octet_length(digest) = 32", name="session_digest_size"),
    CheckConstraint("expires_at > started_at", name="session_lives"),
    CheckConstraint("person <> ''", name="session_of_somebody"),
)
Index("session_expiry", session.c.expires_at)
