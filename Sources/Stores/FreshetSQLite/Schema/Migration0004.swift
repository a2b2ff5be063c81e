extension Migrations {
    /// Small named values, and access tokens as hashes.
    static let stateAndTokens = """
        CREATE TABLE state (
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE tokens (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            hash BLOB NOT NULL,
            role TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT;
        """
}
