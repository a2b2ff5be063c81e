public import FreshetCore

/// What ``SQLiteStore/verify()`` found.
public struct VerifyReport: Sendable, Hashable {
    /// One sentence per problem; empty when all is well.
    public var problems: [String] = []
    /// Documents in the file.
    public var documents = 0
    /// Versions in the file, current ones included.
    public var versions = 0
    /// Jobs in the file, finished ones included.
    public var jobs = 0
    /// Events kept.
    public var events = 0

    /// Whether nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}

extension SQLiteStore {
    /// Checks the whole file (`PRAGMA integrity_check`) and what must hold between its rows, on one snapshot.
    ///
    /// It reads every page: seconds for a large file. Other calls go on meanwhile.
    ///
    /// - Throws: `.corrupt` or `.unavailable` when even the check cannot be run.
    public func verify() async throws(StoreError) -> VerifyReport {
        try await read(snapshot: true) { session in
            var report = VerifyReport()
            let messages = try session.all("PRAGMA integrity_check(20)") { $0.text(0) }
            if messages != ["ok"] { report.problems += messages }
            for (sql, sentence) in Self.invariants {
                let count = try session.first(sql) { $0.int(0) } ?? 0
                if count > 0 { report.problems.append("\(count) \(sentence)") }
            }
            let count = { (table: String) in try session.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0 }
            report.documents = try count("documents")
            report.versions = try count("versions")
            report.jobs = try count("jobs")
            report.events = try count("events")
            return report
        }
    }

    /// Queries that count what must not be, with the sentence that follows the number.
    static let invariants = [
        (
            """
            SELECT count(*) FROM documents d WHERE d.version > 0 AND NOT EXISTS (
                SELECT 1 FROM versions v
                WHERE v.document_id = d.id AND v.version = d.version AND v.ended_at IS NULL
                    AND v.dataset = d.dataset AND length(v.body) = d.bytes)
            """, "documents without the body of their current version"
        ),
        (
            """
            SELECT count(*) FROM versions v WHERE v.ended_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM documents d WHERE d.id = v.document_id AND d.version = v.version)
            """, "versions that count as current but are not"
        ),
        (
            "SELECT count(*) FROM documents WHERE presence IN (1, 3) AND version = 0",
            "documents that count as known but never had a body"
        ),
        (
            """
            SELECT count(*) FROM (
                SELECT 1 FROM jobs NOT INDEXED WHERE state < 4 GROUP BY dataset, key HAVING count(*) > 1)
            """, "documents with more than one unfinished job"
        ),
        (
            "SELECT count(*) FROM jobs WHERE (state = 2) <> (lease_until IS NOT NULL)",
            "jobs whose lease and state disagree"
        ),
        (
            "SELECT coalesce(max(id) - min(id) + 1 - count(*), 0) FROM events", "events missing from the log"
        ),
        (
            """
            SELECT count(*) FROM (
                SELECT max(id) AS last, 'event' AS name FROM events UNION ALL SELECT max(id), 'job' FROM jobs
                UNION ALL SELECT max(fence), 'fence' FROM jobs) given
            WHERE last > coalesce((SELECT value FROM counters c WHERE c.name = given.name), 0)
            """, "counters behind the numbers they gave"
        ),
        (
            """
            SELECT count(*) FROM documents WHERE dataset NOT IN (SELECT id FROM datasets)
            """, "documents of a dataset without a name"
        ),
    ]
}
