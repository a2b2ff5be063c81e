extension Migrations {
    /// Tables of users in the same file.
    ///
    /// What is Freshet's own is named `freshet_…` from here on, indexes included, because they share one name space: the plain
    /// names belong to the tables that documents become.
    ///
    /// - `freshet_tables` the tables there are, with their schema as it stands; `revision` changes with every schema and is
    ///   never given twice, so that a copy of a schema in memory can be known to be old.
    /// - `freshet_schemas` every version of every schema.
    /// - `freshet_table_stops` why the tables of a dataset take no rows.
    /// - `freshet_shapes` what columns cannot tell of rows, each kind once.
    static let tables = """
        ALTER TABLE datasets RENAME TO freshet_datasets;
        ALTER TABLE documents RENAME TO freshet_documents;
        ALTER TABLE versions RENAME TO freshet_versions;
        ALTER TABLE counters RENAME TO freshet_counters;
        ALTER TABLE meta RENAME TO freshet_meta;
        ALTER TABLE jobs RENAME TO freshet_jobs;
        ALTER TABLE events RENAME TO freshet_events;
        ALTER TABLE state RENAME TO freshet_state;
        ALTER TABLE tokens RENAME TO freshet_tokens;
        DROP INDEX documents_due;
        DROP INDEX versions_ended;
        DROP INDEX jobs_document;
        DROP INDEX jobs_ready;
        DROP INDEX jobs_oldest;
        DROP INDEX jobs_waiting;
        DROP INDEX jobs_leased;
        DROP INDEX jobs_dead;
        DROP INDEX jobs_done;
        CREATE INDEX freshet_documents_due ON freshet_documents (dataset, checked_at) WHERE presence IN (1, 3);
        CREATE INDEX freshet_versions_ended ON freshet_versions (dataset, ended_at) WHERE ended_at IS NOT NULL;
        CREATE UNIQUE INDEX freshet_jobs_document ON freshet_jobs (dataset, key) WHERE state < 4;
        CREATE INDEX freshet_jobs_ready ON freshet_jobs (state, dataset, priority, heat DESC) WHERE state = 0;
        CREATE INDEX freshet_jobs_oldest ON freshet_jobs (state, dataset, priority, not_before) WHERE state = 0;
        CREATE INDEX freshet_jobs_waiting ON freshet_jobs (state, dataset, priority, not_before) WHERE state = 1;
        CREATE INDEX freshet_jobs_leased ON freshet_jobs (lease_until) WHERE state = 2;
        CREATE INDEX freshet_jobs_dead ON freshet_jobs (state, finished_at, dataset, priority) WHERE state = 3;
        CREATE INDEX freshet_jobs_done ON freshet_jobs (state, finished_at, dataset, priority) WHERE state = 4;
        ALTER TABLE freshet_documents ADD COLUMN tables_mark INTEGER;
        CREATE TABLE freshet_tables (
            name TEXT PRIMARY KEY COLLATE NOCASE,
            dataset INTEGER NOT NULL,
            path TEXT NOT NULL,
            revision INTEGER NOT NULL,
            schema TEXT NOT NULL,
            history TEXT,
            checks TEXT NOT NULL,
            has_taken_rows INTEGER NOT NULL DEFAULT 0,
            live INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0,
            written_at INTEGER,
            UNIQUE (dataset, path)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE freshet_schemas (
            table_name TEXT NOT NULL COLLATE NOCASE,
            version INTEGER NOT NULL,
            at INTEGER NOT NULL,
            cause TEXT NOT NULL,
            changes TEXT NOT NULL,
            schema TEXT NOT NULL,
            PRIMARY KEY (table_name, version)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE freshet_rejects (
            id INTEGER PRIMARY KEY,
            table_name TEXT NOT NULL COLLATE NOCASE,
            dataset INTEGER NOT NULL,
            key TEXT NOT NULL,
            version INTEGER NOT NULL,
            place INTEGER NOT NULL,
            reason TEXT NOT NULL,
            column_name TEXT,
            row TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX freshet_rejects_document ON freshet_rejects (table_name, dataset, key);
        CREATE TABLE freshet_table_stops (
            dataset INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            table_name TEXT NOT NULL,
            message TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE freshet_shapes (
            id INTEGER PRIMARY KEY,
            shape BLOB NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE freshet_views (
            name TEXT PRIMARY KEY COLLATE NOCASE,
            sql TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE freshet_outbox (
            id INTEGER PRIMARY KEY,
            destination TEXT NOT NULL,
            table_name TEXT NOT NULL,
            dataset INTEGER NOT NULL,
            key TEXT NOT NULL,
            fetch_id INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX freshet_outbox_destination ON freshet_outbox (destination, id, at);
        """
}
