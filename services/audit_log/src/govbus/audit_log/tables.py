"""Tables of the audit log. Entries, tiles and checkpoints are only ever inserted; triggers refuse everything else."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

metadata: Final = MetaData()

KINDS: Final = "('event', 'unparseable', 'duplicate_refused', 'access', 'erasure', 'hold', 'gap')"
CLASSIFICATIONS: Final = "('public', 'internal', 'confidential', 'personal')"

entry: Final = Table(
    "entry",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("identity", LargeBinary),
    Column("id", Text),
    Column("source", Text),
    Column("type", Text),
    Column("subject", Text),
    Column("known_at", DateTime(timezone=True), nullable=False),
    Column("topic", Text),
    Column("partition", Integer),
    Column("kafka_offset", BigInteger),
    Column("correlation_id", Text),
    Column("causation_id", Text),
    Column("classification", Text, nullable=False),
    Column("logged_on", Date, nullable=False),
    UniqueConstraint("topic", "partition", "kafka_offset", name="entry_record"),
    CheckConstraint("idx >= 0", name="entry_index_not_negative"),
    CheckConstraint(f"kind IN {KINDS}", name="entry_kind"),
    CheckConstraint("octet_length(entry) BETWEEN 2 AND 65535", name="entry_size"),
    CheckConstraint("leaf_hash = sha256('\\x00'::bytea || entry)", name="entry_leaf_hash"),
    CheckConstraint("octet_length(identity) = 16", name="entry_identity_size"),
    CheckConstraint("(kind IN ('event', 'duplicate_refused')) = (identity IS NOT NULL)", name="entry_identity"),
    CheckConstraint(
        "(topic IS NULL) = (partition IS NULL) AND (topic IS NULL) = (kafka_offset IS NULL)", name="entry_kafka_place"
    ),
    CheckConstraint(f"classification IN {CLASSIFICATIONS}", name="entry_classification"),
    Index("entry_identity_once", "identity", unique=True, postgresql_where=text("kind = 'event'")),
    Index("entry_by_id", "id", "idx"),
    Index("entry_by_source", "source", "idx"),
    Index("entry_by_type", "type", "idx", postgresql_ops={"type": "text_pattern_ops"}),
    Index("entry_by_subject", "subject", "idx", postgresql_ops={"subject": "text_pattern_ops"}),
    Index("entry_by_unusual_kind", "kind", "idx", postgresql_where=text("kind <> 'event'")),
    Index("entry_by_known_at", "known_at", "idx"),
    Index("entry_by_correlation", "correlation_id", "idx"),
    Index("entry_by_causation", "causation_id", "idx"),
)

payload: Final = Table(
    "payload",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("logged_on", Date, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("attributes", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("actor", Text),
    CheckConstraint("octet_length(key) = 32", name="payload_key_size"),
    Index("payload_by_actor", "actor", "idx"),
    postgresql_partition_by="RANGE (logged_on)",
)

payload_words: Final = Table(
    "payload_words",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("logged_on", Date, primary_key=True),
    Column("words", TSVECTOR, nullable=False),
    ForeignKeyConstraint(
        ["idx", "logged_on"],
        ["payload.idx", "payload.logged_on"],
        name="payload_words_payload",
        ondelete="CASCADE",
    ),
    Index("payload_words_by_word", "words", postgresql_using="gin"),
)

words_cursor: Final = Table(
    "words_cursor",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_index", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="words_cursor_one"),
    CheckConstraint("next_index >= 0", name="words_cursor_not_negative"),
)

tile: Final = Table(
    "tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    CheckConstraint("level BETWEEN 0 AND 63 AND idx >= 0", name="tile_place"),
    CheckConstraint("octet_length(root) = 32 AND octet_length(hashes) = 8192", name="tile_size"),
)

checkpoint: Final = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("subtrees", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("size > 0", name="checkpoint_size_positive"),
    CheckConstraint("octet_length(root) = 32", name="checkpoint_root_size"),
)

log_head: Final = Table(
    "log_head",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("subtrees", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("duplicate_count", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="log_head_one"),
    CheckConstraint("octet_length(subtrees) = 32 * bit_count(size::bit(64))", name="log_head_subtrees"),
)

place_cursor: Final = Table(
    "place_cursor",
    metadata,
    Column("place", Text, primary_key=True),
    Column("next_index", BigInteger, nullable=False),
    Column("checkpoint_size", BigInteger, nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("place IN ('topic', 'files')", name="place_cursor_place"),
    CheckConstraint("next_index >= checkpoint_size AND checkpoint_size >= 0", name="place_cursor_order"),
)
