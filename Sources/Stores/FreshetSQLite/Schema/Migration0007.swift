extension Migrations {
    /// Whom an event concerns, and which documents were told of that they went stale.
    ///
    /// What is stale when this step is done counts as told of. The index holds what will go stale, and what is not told of yet.
    static let staleness = """
        ALTER TABLE freshet_events ADD COLUMN profile TEXT;
        ALTER TABLE freshet_documents ADD COLUMN staleness_told INTEGER NOT NULL DEFAULT 1;
        UPDATE freshet_documents SET staleness_told = 0
            WHERE presence = 1 AND fresh_until > CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
        CREATE INDEX freshet_documents_lapsing ON freshet_documents (fresh_until)
            WHERE presence = 1 AND staleness_told = 0;
        """
}
