"""Eventing's tables; records, their states, deployments."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None

_STATE_COLUMNS = """
        subject text COLLATE "C" NOT NULL,
        version text COLLATE "C" NOT NULL,
        number integer NOT NULL,
        fields jsonb NOT NULL,
        registered boolean NOT NULL,
        classification text NOT NULL,
        said_at timestamptz NOT NULL,
        known_at timestamptz NOT NULL,
        cause_source text NOT NULL,
        cause_type text NOT NULL,
        cause_id text NOT NULL,
"""

_TABLES = (
    f"""
    CREATE TABLE record (
        {_STATE_COLUMNS}
        kind text NOT NULL,
        CONSTRAINT record_pkey PRIMARY KEY (subject, version),
        CONSTRAINT record_kind CHECK (kind IN ('model', 'model_version')),
        CONSTRAINT record_version_of_kind CHECK ((kind = 'model') = (version = '')),
        CONSTRAINT record_seen_only_as_model CHECK (registered OR kind = 'model'),
        CONSTRAINT record_classification
            CHECK (classification IN ('public', 'internal', 'confidential', 'personal')),
        CONSTRAINT record_fields_object CHECK (jsonb_typeof(fields) = 'object'),
        CONSTRAINT record_number_counts CHECK (number >= 1)
    )
    """,
    "CREATE INDEX record_of_kind ON record (kind, subject, version)",
    "CREATE INDEX record_fields ON record USING gin (fields jsonb_path_ops)",
    f"""
    CREATE TABLE record_state (
        {_STATE_COLUMNS}
        CONSTRAINT record_state_pkey PRIMARY KEY (subject, version, number),
        CONSTRAINT record_state_of_record FOREIGN KEY (subject, version) REFERENCES record (subject, version),
        CONSTRAINT record_state_number_counts CHECK (number >= 1),
        CONSTRAINT record_state_fields_object CHECK (jsonb_typeof(fields) = 'object')
    )
    """,
    "CREATE INDEX record_state_known ON record_state (subject, version, known_at)",
    """
    CREATE TABLE deployment (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject text COLLATE "C" NOT NULL,
        environment text NOT NULL,
        version text NOT NULL,
        deployed_by text,
        ticket text,
        deployed_at timestamptz NOT NULL,
        known_at timestamptz NOT NULL,
        cause_source text NOT NULL,
        cause_type text NOT NULL,
        cause_id text NOT NULL,
        CONSTRAINT deployment_somewhere CHECK (environment <> '' AND version <> '')
    )
    """,
    "CREATE INDEX deployment_of_subject ON deployment (subject, environment, position)",
    "CREATE UNIQUE INDEX deployment_of_cause ON deployment (subject, cause_source, cause_type, cause_id)",
)

# DELETE is for the rebuild alone, which folds the topics again; handlers only add and move the newest state on.
_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON record TO govbus_inventory",
    "GRANT SELECT, INSERT, DELETE ON record_state TO govbus_inventory",
    "GRANT SELECT, INSERT, DELETE ON deployment TO govbus_inventory",
)


def upgrade() -> None:
    """Create everything; there is no way back but a restore."""
    create_eventing_schema(op, service="inventory")
    for statement in (*_TABLES, *_GRANTS):
        op.execute(statement)
