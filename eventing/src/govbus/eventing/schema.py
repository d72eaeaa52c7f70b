"""Creates eventing's tables and grants in a service's database, from the service's first migration."""

from typing import Protocol

_TABLES = """
CREATE TABLE eventing_offset (
    topic text, partition integer, next_offset bigint NOT NULL, muted_below bigint NOT NULL DEFAULT 0,
    last_fingerprint bytea,
    PRIMARY KEY (topic, partition),
    CONSTRAINT eventing_offset_not_negative CHECK (next_offset >= 0));
CREATE TABLE eventing_inbox (
    identity bytea, recorded_on date,
    PRIMARY KEY (identity, recorded_on),
    CONSTRAINT eventing_inbox_identity_size CHECK (octet_length(identity) = 16)) PARTITION BY RANGE (recorded_on);
CREATE TABLE eventing_outbox (
    id bigserial PRIMARY KEY, topic text NOT NULL, key bytea NOT NULL, value bytea NOT NULL, headers bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE eventing_parked (
    id uuid PRIMARY KEY, topic text NOT NULL, partition integer NOT NULL, "offset" bigint NOT NULL,
    timestamp_ms bigint NOT NULL, key bytea, value bytea, headers bytea NOT NULL,
    reason text NOT NULL, detail text NOT NULL, holds_key boolean NOT NULL,
    state text NOT NULL DEFAULT 'parked', parked_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz, settled_by text,
    CONSTRAINT eventing_parked_state CHECK (state IN ('parked', 'resumed', 'discarded')),
    CONSTRAINT eventing_parked_settled CHECK ((state = 'parked') = (settled_at IS NULL)));
CREATE UNIQUE INDEX eventing_parked_record ON eventing_parked (topic, partition, "offset");
CREATE INDEX eventing_parked_holding ON eventing_parked (key) WHERE state = 'parked' AND holds_key;
"""

# The runtime role owns nothing, so partitions of the inbox are made and dropped by functions of the owner.
_FUNCTIONS = """
CREATE FUNCTION eventing_prepare_inbox(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE name text := 'eventing_inbox_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('eventing_inbox', 0));
    IF to_regclass('public.' || name) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.eventing_inbox INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE public.eventing_inbox ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       name, day, day + 1);
    END IF;
END $$;
CREATE FUNCTION eventing_prune_inbox(before date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE name text; dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('eventing_inbox', 0));
    FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'public.eventing_inbox'::regclass
    LOOP
        IF right(name, 8) < to_char(before, 'YYYYMMDD') THEN
            EXECUTE format('DROP TABLE %s', name::regclass);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
"""

_GRANTS = """
GRANT SELECT, INSERT, UPDATE ON eventing_offset TO {role};
GRANT SELECT, INSERT, DELETE ON eventing_inbox TO {role};
GRANT SELECT, INSERT, DELETE ON eventing_outbox TO {role};
GRANT USAGE ON SEQUENCE eventing_outbox_id_seq TO {role};
GRANT SELECT, INSERT, UPDATE ON eventing_parked TO {role};
REVOKE ALL ON FUNCTION eventing_prepare_inbox(date), eventing_prune_inbox(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventing_prepare_inbox(date), eventing_prune_inbox(date) TO {role};
"""


class Operations(Protocol):
    """The one call of alembic's `op` that is needed here."""

    def execute(self, sqltext: str, /) -> object:
        """Run one statement."""


def create_eventing_schema(op: Operations, *, service: str) -> None:
    """Create offset, inbox, outbox and parked tables and grant the runtime role what it needs, nothing more."""
    for statement in _statements(_TABLES + _GRANTS.format(role=f"govbus_{service}"), _FUNCTIONS):
        op.execute(statement)


def _statements(plain: str, functions: str) -> list[str]:
    """Split scripts into single statements, as asyncpg prepares one at a time; functions come before their grants."""
    tables_and_grants = [part.strip() for part in plain.split(";\n") if part.strip()]
    bodies = [f"CREATE FUNCTION{part}" for part in functions.split("CREATE FUNCTION") if part.strip()]
    at_grants = next(index for index, part in enumerate(tables_and_grants) if part.startswith("GRANT"))
    return tables_and_grants[:at_grants] + bodies + tables_and_grants[at_grants:]
