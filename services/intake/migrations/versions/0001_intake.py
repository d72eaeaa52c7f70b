"""Creates intake's tables: sources, credentials, the register, refused input."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE source (
        name text PRIMARY KEY, uri text NOT NULL UNIQUE, namespace text NOT NULL, types text[], mapping text,
        signature_scheme text, signature_secret bytea, replay_window_seconds integer NOT NULL,
        expected_interval_seconds integer, registered_at timestamptz NOT NULL, registered_by text NOT NULL,
        CONSTRAINT source_name CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
        CONSTRAINT source_uri_not_ours CHECK (uri <> '' AND uri <> '//govbus' AND uri NOT LIKE '//govbus/%'),
        CONSTRAINT source_signature_whole CHECK ((signature_scheme IS NULL) = (signature_secret IS NULL)),
        CONSTRAINT source_replay_window CHECK (replay_window_seconds > 0),
        CONSTRAINT source_expected_interval CHECK (expected_interval_seconds > 0))
    """,
    """
    CREATE TABLE credential (
        id uuid PRIMARY KEY, source_name text NOT NULL REFERENCES source (name), token_digest bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL, created_by text NOT NULL, expires_at timestamptz, revoked_at timestamptz,
        CONSTRAINT credential_digest_size CHECK (octet_length(token_digest) = 32),
        CONSTRAINT credential_lives CHECK (expires_at > created_at))
    """,
    "CREATE INDEX credential_source ON credential (source_name)",
    """
    CREATE TABLE accepted (
        identity bytea PRIMARY KEY, digest bytea NOT NULL, source_name text NOT NULL, recorded_at timestamptz NOT NULL,
        CONSTRAINT accepted_identity_size CHECK (octet_length(identity) = 16),
        CONSTRAINT accepted_digest_size CHECK (octet_length(digest) = 32))
    """,
    """
    CREATE TABLE delivery (
        source_name text, digest bytea, carrier bytea, identities bytea[] NOT NULL, recorded_at timestamptz NOT NULL,
        PRIMARY KEY (source_name, digest),
        CONSTRAINT delivery_digest_size CHECK (octet_length(digest) = 32),
        CONSTRAINT delivery_carrier_size CHECK (octet_length(carrier) = 16))
    """,
    "CREATE INDEX delivery_carrier ON delivery (carrier)",
    """
    CREATE TABLE fact_place (
        identity bytea PRIMARY KEY, partition integer NOT NULL, "offset" bigint NOT NULL, log_index bigint NOT NULL,
        CONSTRAINT fact_place_identity_size CHECK (octet_length(identity) = 16))
    """,
    """
    CREATE TABLE person_key (
        id uuid PRIMARY KEY, source_name text NOT NULL, identity bytea NOT NULL UNIQUE, sealed_secret bytea,
        created_at timestamptz NOT NULL, erased_at timestamptz,
        CONSTRAINT person_key_identity_size CHECK (octet_length(identity) = 16),
        CONSTRAINT person_key_erased CHECK ((sealed_secret IS NULL) = (erased_at IS NOT NULL)))
    """,
    """
    CREATE TABLE source_activity (
        source_name text, slot smallint, accepted_count bigint NOT NULL, duplicate_count bigint NOT NULL,
        rejected_count bigint NOT NULL, ignored_count bigint NOT NULL, last_seen_at timestamptz NOT NULL,
        PRIMARY KEY (source_name, slot))
    """,
    """
    CREATE TABLE rejected (
        id uuid PRIMARY KEY, ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE, source_name text NOT NULL,
        channel text NOT NULL, disposition text NOT NULL, reason text NOT NULL, detail text NOT NULL,
        claimed jsonb NOT NULL, errors jsonb NOT NULL, received_at timestamptz NOT NULL, raw_sha256 bytea,
        raw_bytes_count integer, sealed_input bytea, replayed_at timestamptz, replayed_by text,
        CONSTRAINT rejected_channel CHECK (channel IN ('event', 'webhook', 'kafka')),
        CONSTRAINT rejected_disposition CHECK (disposition IN ('rejected', 'ignored')),
        CONSTRAINT rejected_replay_whole CHECK ((replayed_at IS NULL) = (replayed_by IS NULL)))
    """,
    "CREATE INDEX rejected_source ON rejected (source_name, ordinal)",
    "CREATE INDEX rejected_kept ON rejected (received_at) WHERE sealed_input IS NOT NULL",
    """
    CREATE TABLE refusal_count (
        minute timestamptz, reason text, source_name text, count bigint NOT NULL,
        first_at timestamptz NOT NULL, last_at timestamptz NOT NULL,
        PRIMARY KEY (minute, reason, source_name),
        CONSTRAINT refusal_count_some CHECK (count > 0))
    """,
)

_GRANTS = (
    "GRANT SELECT, INSERT ON source, accepted, delivery, fact_place, person_key TO govbus_intake",
    "GRANT SELECT, INSERT, UPDATE ON credential, source_activity, rejected TO govbus_intake",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON refusal_count TO govbus_intake",
)


def upgrade() -> None:
    """Create everything; the runtime role gets what its statements need, nothing more."""
    create_eventing_schema(op, service="intake")
    for statement in (*_TABLES, *_GRANTS):
        op.execute(statement)
