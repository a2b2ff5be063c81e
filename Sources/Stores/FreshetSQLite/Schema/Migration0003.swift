extension Migrations {
    /// The event log.
    ///
    /// `epoch` names it: offsets of another epoch mean nothing in this one.
    static let events = """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            source TEXT,
            dataset INTEGER,
            key TEXT,
            payload BLOB NOT NULL
        ) STRICT;
        INSERT INTO meta (name, value) VALUES ('epoch', lower(hex(randomblob(8))));
        """
}
