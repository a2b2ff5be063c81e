extension Migrations {
    /// The refresh queue.
    ///
    /// States: 0 ready, 1 waiting, 2 leased, 3 dead, 4 done.
    ///
    /// Every index is partial on the state, so that a job stands only where somebody looks for it: a lease never walks
    /// over jobs that are not due (12 times slower with 50,000 of them), and finished jobs cost it nothing.
    /// `state` stands first although it is the same in every row of an index: without it the planner does not know that the
    /// index alone answers the query, and fetches each row.
    static let jobs = """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            dataset INTEGER NOT NULL,
            key TEXT NOT NULL,
            priority INTEGER NOT NULL,
            cause TEXT NOT NULL,
            enqueued_at INTEGER NOT NULL,
            not_before INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            state INTEGER NOT NULL,
            heat INTEGER NOT NULL,
            fence INTEGER NOT NULL DEFAULT 0,
            lease_until INTEGER,
            finished_at INTEGER,
            error_kind TEXT,
            error_message TEXT,
            error_at INTEGER,
            error_status INTEGER,
            error_count INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX jobs_document ON jobs (dataset, key) WHERE state < 4;
        CREATE INDEX jobs_ready ON jobs (state, dataset, priority, heat DESC) WHERE state = 0;
        CREATE INDEX jobs_oldest ON jobs (state, dataset, priority, not_before) WHERE state = 0;
        CREATE INDEX jobs_waiting ON jobs (state, dataset, priority, not_before) WHERE state = 1;
        CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 2;
        CREATE INDEX jobs_dead ON jobs (state, finished_at, dataset, priority) WHERE state = 3;
        CREATE INDEX jobs_done ON jobs (state, finished_at, dataset, priority) WHERE state = 4;
        """
}
