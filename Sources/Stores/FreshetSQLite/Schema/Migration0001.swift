extension Migrations {
    /// Documents and their versions.
    ///
    /// Times are microseconds since 1970; codes are those of `Columns.swift`.
    ///
    /// - The current body is the row of `versions` with the document's own version number: no body is stored twice, and a
    ///   refetch that changes nothing touches one small row of `documents`.
    /// - `versions.body` stands last, so that the other columns are read without the overflow pages of a large body.
    /// - Numbers that must never be given twice come from `counters`, saved in the transaction that uses them.
    static let documents = """
        CREATE TABLE datasets (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            UNIQUE (source, name)
        ) STRICT;
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY,
            dataset INTEGER NOT NULL,
            key TEXT NOT NULL,
            presence INTEGER NOT NULL,
            version INTEGER NOT NULL,
            last_updated INTEGER,
            checked_at INTEGER,
            changed_at INTEGER,
            fresh_until INTEGER,
            content_hash BLOB NOT NULL,
            body_hash BLOB NOT NULL,
            etag TEXT,
            last_modified TEXT,
            content_type TEXT NOT NULL,
            not_found_count INTEGER NOT NULL,
            failure_kind TEXT,
            failure_message TEXT,
            failure_at INTEGER,
            failure_status INTEGER,
            failure_count INTEGER,
            origin INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            heat INTEGER NOT NULL DEFAULT 0,
            last_read_at INTEGER,
            UNIQUE (dataset, key)
        ) STRICT;
        CREATE INDEX documents_due ON documents (dataset, checked_at) WHERE presence IN (1, 3);
        CREATE TABLE versions (
            document_id INTEGER NOT NULL,
            version INTEGER NOT NULL,
            dataset INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            ended_at INTEGER,
            origin INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (document_id, version)
        ) STRICT;
        CREATE INDEX versions_ended ON versions (dataset, ended_at) WHERE ended_at IS NOT NULL;
        CREATE TABLE counters (
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
