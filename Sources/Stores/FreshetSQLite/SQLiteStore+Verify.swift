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
            report.problems += try Self.tableProblems(session)
            let count = { (table: String) in try session.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0 }
            report.documents = try count("freshet_documents")
            report.versions = try count("freshet_versions")
            report.jobs = try count("freshet_jobs")
            report.events = try count("freshet_events")
            return report
        }
    }

    /// Tables whose rows are not as many as their record says.
    private static func tableProblems(_ session: ReadSession) throws -> [String] {
        let tables = try session.all("SELECT name, live, deleted FROM freshet_tables") {
            ($0.text(0), $0.int(1), $0.int(2))
        }
        return try tables.compactMap { name, live, deleted in
            let counts = try session.first("SELECT count(*), count(_deleted_at) FROM \(quoted(name))") {
                ($0.int(0), $0.int(1))
            }
            guard let counts, counts.0 - counts.1 == live, counts.1 == deleted else {
                return "the table \(name) does not have the rows that are counted for it"
            }
            return nil
        }
    }

    /// Queries that count what must not be, with the sentence that follows the number.
    static let invariants = [
        (
            """
            SELECT count(*) FROM freshet_documents d WHERE d.version > 0 AND NOT EXISTS (
                SELECT 1 FROM freshet_versions v
                WHERE v.document_id = d.id AND v.version = d.version AND v.ended_at IS NULL
                    AND v.dataset = d.dataset AND length(v.body) = d.bytes)
            """, "documents without the body of their current version"
        ),
        (
            """
            SELECT count(*) FROM freshet_versions v WHERE v.ended_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM freshet_documents d WHERE d.id = v.document_id AND d.version = v.version)
            """, "versions that count as current but are not"
        ),
        (
            "SELECT count(*) FROM freshet_documents WHERE presence IN (1, 3) AND version = 0",
            "documents that count as known but never had a body"
        ),
        (
            """
            SELECT count(*) FROM (
                SELECT 1 FROM freshet_jobs NOT INDEXED WHERE state < 4 GROUP BY dataset, key HAVING count(*) > 1)
            """, "documents with more than one unfinished job"
        ),
        (
            "SELECT count(*) FROM freshet_jobs WHERE (state = 2) <> (lease_until IS NOT NULL)",
            "jobs whose lease and state disagree"
        ),
        (
            "SELECT coalesce(max(id) - min(id) + 1 - count(*), 0) FROM freshet_events", "events missing from the log"
        ),
        (
            """
            SELECT count(*) FROM (
                SELECT max(id) AS last, 'event' AS name FROM freshet_events UNION ALL SELECT max(id), 'job' FROM freshet_jobs
                UNION ALL SELECT max(fence), 'fence' FROM freshet_jobs) given
            WHERE last > coalesce((SELECT value FROM freshet_counters c WHERE c.name = given.name), 0)
            """, "counters behind the numbers they gave"
        ),
        (
            """
            SELECT count(*) FROM freshet_documents WHERE dataset NOT IN (SELECT id FROM freshet_datasets)
            """, "documents of a dataset without a name"
        ),
    ]
}
