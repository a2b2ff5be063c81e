extension Migrations {
    /// When each key is due, as an adaptive policy decided it.
    ///
    /// The index holds what a look for due plans sorts by, priority for priority; the policy's own bytes stay in the table.
    static let plans = """
        CREATE TABLE freshet_plans (
            dataset INTEGER NOT NULL,
            key TEXT NOT NULL,
            priority INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            memory BLOB NOT NULL,
            PRIMARY KEY (dataset, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX freshet_plans_due ON freshet_plans (dataset, priority, due_at);
        """
}
