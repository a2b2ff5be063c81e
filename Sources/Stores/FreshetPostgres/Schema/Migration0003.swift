extension Migrations {
    /// Whom an event concerns, and which documents were told of that they went stale.
    ///
    /// What is stale when this step is done counts as told of, and so does what an older process adds beside this one. The index
    /// holds what will go stale, and what is not told of yet.
    static let staleness = """
        ALTER TABLE freshet_events ADD COLUMN profile text;
        ALTER TABLE freshet_documents ADD COLUMN staleness_told boolean NOT NULL DEFAULT true;
        CREATE INDEX freshet_documents_lapsing ON freshet_documents (fresh_until)
            WHERE presence = 1 AND NOT staleness_told;

        """
}
