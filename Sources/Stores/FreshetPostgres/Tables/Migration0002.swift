extension Migrations {
    /// Freshet's own tables about the tables of users.
    ///
    /// - `freshet_tables` the tables there are, with their schema as it stands; `revision` changes with every schema and is never
    ///   given twice, so that a copy of a schema in memory can be known to be old.
    /// - `freshet_table_mark` one row that moves with every change of any schema. Whoever changes a schema holds it, so that
    ///   changes come one after another; whoever writes rows compares it with what he planned by.
    /// - `freshet_table_counts` how many rows a table has, in several parts, so that two transactions seldom wait for one row.
    /// - `freshet_schemas` every version of every schema.
    /// - `freshet_table_stops` why the tables of a dataset take no rows.
    /// - `freshet_views` views that were asked for; those that are not made wait for their tables.
    /// - `freshet_shapes` what columns cannot tell of rows, each kind once.
    static let tables = """
        CREATE SEQUENCE freshet_fetch_ids;
        CREATE SEQUENCE freshet_revisions;
        CREATE TABLE freshet_table_mark (value bigint NOT NULL);
        INSERT INTO freshet_table_mark VALUES (0);
        CREATE TABLE freshet_tables (
            name text COLLATE "C" PRIMARY KEY,
            dataset bigint NOT NULL,
            path text NOT NULL,
            revision bigint NOT NULL,
            schema text NOT NULL,
            history text,
            checks text NOT NULL,
            has_taken_rows boolean NOT NULL DEFAULT false
        );
        CREATE UNIQUE INDEX freshet_tables_name ON freshet_tables (lower(name));
        CREATE UNIQUE INDEX freshet_tables_path ON freshet_tables (dataset, md5(path));
        CREATE TABLE freshet_table_counts (
            table_name text COLLATE "C" NOT NULL,
            slot integer NOT NULL,
            live bigint NOT NULL,
            deleted bigint NOT NULL,
            written_at bigint NOT NULL,
            PRIMARY KEY (table_name, slot)
        ) WITH (fillfactor = 50);
        CREATE TABLE freshet_schemas (
            table_name text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            at bigint NOT NULL,
            cause text NOT NULL,
            changes text NOT NULL,
            schema text NOT NULL,
            PRIMARY KEY (table_name, version)
        );
        CREATE TABLE freshet_rejects (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            table_name text COLLATE "C" NOT NULL,
            dataset bigint NOT NULL,
            key text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            place bigint NOT NULL,
            reason text NOT NULL,
            column_name text,
            "row" text NOT NULL,
            at bigint NOT NULL
        );
        CREATE INDEX freshet_rejects_document ON freshet_rejects (dataset, md5(key));
        CREATE INDEX freshet_rejects_table ON freshet_rejects (table_name, id);
        CREATE TABLE freshet_table_stops (
            dataset bigint PRIMARY KEY,
            kind text NOT NULL,
            table_name text NOT NULL,
            message text NOT NULL,
            at bigint NOT NULL
        );
        CREATE TABLE freshet_shapes (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            shape bytea NOT NULL
        );
        CREATE UNIQUE INDEX freshet_shapes_shape ON freshet_shapes (sha256(shape));
        CREATE TABLE freshet_views (
            name text COLLATE "C" PRIMARY KEY,
            sql text NOT NULL,
            tables text NOT NULL,
            is_made boolean NOT NULL
        );
        CREATE TABLE freshet_outbox (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            destination text NOT NULL,
            table_name text NOT NULL,
            dataset bigint NOT NULL,
            key text COLLATE "C" NOT NULL,
            fetch_id bigint NOT NULL,
            at bigint NOT NULL
        );
        CREATE INDEX freshet_outbox_destination ON freshet_outbox (destination, id, at);
        """
}
