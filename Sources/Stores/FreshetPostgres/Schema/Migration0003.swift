extension Migrations {
    /// Whom an event concerns, and which documents were told of that they went stale.
    ///
    /// What is stale when this step is done counts as told of, and so does what an older process adds beside this one. The index
    /// holds what will go stale, and what is not told of yet. Documents come before events, in the order in which commits lock them.
    static let staleness = """
        ALTER TABLE freshet_documents ADD COLUMN staleness_told boolean NOT NULL DEFAULT true;
        UPDATE freshet_documents SET staleness_told = false
            WHERE presence = 1 AND fresh_until > extract(epoch FROM clock_timestamp()) * 1000000;
        CREATE INDEX freshet_documents_lapsing ON freshet_documents (fresh_until)
            WHERE presence = 1 AND NOT staleness_told;
        ALTER TABLE freshet_events ADD COLUMN profile text;

        """
}
