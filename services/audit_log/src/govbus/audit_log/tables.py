"""Tables of the audit log. Entries, tiles and checkpoints are only ever inserted; triggers refuse everything else."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

metadata: Final = MetaData()

KINDS: Final = (
    "('event', 'unparseable', 'duplicate_refused', 'access', 'erasure', 'prune', 'hold', 'gap', 'closed', 'successor')"
)
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
    Index("payload_words_by_word", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
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

cosignature: Final = Table(
    "cosignature",
    metadata,
    Column("witness", Text, primary_key=True),
    Column("size", BigInteger, ForeignKey("checkpoint.size"), primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("cosigned_at", DateTime(timezone=True), nullable=False),
    Index("cosignature_by_size", "size"),
)

witness_quorum: Final = Table(
    "witness_quorum",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("is_required", Boolean, nullable=False),
    CheckConstraint("one = 1", name="witness_quorum_one"),
    CheckConstraint("size >= 0", name="witness_quorum_size"),
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
    Column("next_index", BigInteger, nullable=False, server_default=text("0")),
    Column("checkpoint_size", BigInteger, nullable=False, server_default=text("0")),
    Column("moved_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("holder", Uuid),
    CheckConstraint("place = 'topic' OR place LIKE '%://%'", name="place_cursor_place"),
    CheckConstraint("next_index >= checkpoint_size AND checkpoint_size >= 0", name="place_cursor_order"),
)

hold: Final = Table(
    "hold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("lift_asked_by", Text),
    Column("lift_asked_at", DateTime(timezone=True)),
    Column("lift_reason", Text),
    Column("lifted_by", Text),
    Column("lifted_at", DateTime(timezone=True)),
    CheckConstraint("origin IN ('person', 'event')", name="hold_origin"),
    CheckConstraint("num_nonnulls(lift_asked_by, lift_asked_at, lift_reason) IN (0, 3)", name="hold_lift_asked"),
    CheckConstraint("num_nonnulls(lifted_by, lifted_at) IN (0, 2)", name="hold_lifted"),
    CheckConstraint(
        "lifted_by IS NULL OR origin = 'event' OR (lift_asked_by IS NOT NULL AND lift_asked_by <> lifted_by)",
        name="hold_two_people",
    ),
    Index("hold_in_force", "id", postgresql_where=text("lifted_at IS NULL")),
)

hold_scope: Final = Table(
    "hold_scope",
    metadata,
    Column("hold_id", Text, ForeignKey("hold.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text),
    Column("identity", LargeBinary),
    Column("first_index", BigInteger),
    Column("last_index", BigInteger),
    CheckConstraint("num_nonnulls(subject, identity, first_index) = 1", name="hold_scope_one"),
    CheckConstraint(
        "num_nonnulls(first_index, last_index) IN (0, 2) AND 0 <= first_index AND first_index <= last_index",
        name="hold_scope_range",
    ),
)

erasure: Final = Table(
    "erasure",
    metadata,
    Column("entry_index", BigInteger, ForeignKey("entry.idx"), primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("done_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('erasure', 'prune')", name="erasure_kind"),
    Index("erasure_pending", "entry_index", postgresql_where=text("done_at IS NULL")),
)

erasure_scope: Final = Table(
    "erasure_scope",
    metadata,
    Column("entry_index", BigInteger, ForeignKey("erasure.entry_index"), primary_key=True, autoincrement=False),
    Column("first_index", BigInteger, primary_key=True, autoincrement=False),
    Column("last_index", BigInteger, nullable=False),
    Column("types", ARRAY(Text)),
    Column("before", Date),
    CheckConstraint("0 <= first_index AND first_index <= last_index", name="erasure_scope_range"),
    CheckConstraint("num_nonnulls(types, before) IN (0, 2)", name="erasure_scope_pruned"),
)

erasure_request: Final = Table(
    "erasure_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("asked", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_by", Text),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("entry_index", BigInteger, ForeignKey("erasure.entry_index")),
    CheckConstraint(
        "num_nonnulls(confirmed_by, confirmed_at, entry_index) IN (0, 3)", name="erasure_request_confirmed"
    ),
    CheckConstraint("confirmed_by IS NULL OR confirmed_by <> asked_by", name="erasure_request_two_people"),
)

fsck_run: Final = Table(
    "fsck_run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("checkpoint_count", BigInteger, nullable=False),
    Column("guards_sha256", Text, nullable=False),
    Column("fault_count", BigInteger, nullable=False),
    Column("faults", JSONB, nullable=False),
    Column("notices", JSONB, nullable=False),
    Index("fsck_run_by_end", "finished_at"),
)

evidence_pack: Final = Table(
    "evidence_pack",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("framework", Text),
    Column("size", BigInteger, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True)),
    Column("attempts_count", Integer, nullable=False, server_default=text("0")),
    Column("made_at", DateTime(timezone=True)),
    Column("sha256", LargeBinary),
    Column("bytes_count", BigInteger),
    Column("entries_count", BigInteger),
    Column("disclosed", ARRAY(BigInteger)),
    Column("error", Text),
    CheckConstraint("state IN ('asked', 'making', 'ready', 'failed')", name="evidence_pack_state"),
    CheckConstraint(
        "(state = 'ready') = (num_nonnulls(made_at, sha256, bytes_count, entries_count, disclosed) = 5)",
        name="evidence_pack_ready",
    ),
    CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="evidence_pack_failed"),
    Index("evidence_pack_to_make", "asked_at", postgresql_where=text("state IN ('asked', 'making')")),
    Index("evidence_pack_made", "made_at"),
)

kpi_sample: Final = Table(
    "kpi_sample",
    metadata,
    Column("definitions", Text, primary_key=True),
    Column("kpi", Text, primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("known_at", DateTime(timezone=True), nullable=False),
    Column("seconds", Double),
    Column("label", Text, nullable=False),
    CheckConstraint("kind IN ('value', 'unreadable', 'implausible')", name="kpi_sample_kind"),
)

kpi_snapshot: Final = Table(
    "kpi_snapshot",
    metadata,
    Column("definitions", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("known_on", Date, nullable=False),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint("size > 0", name="kpi_snapshot_size"),
)
