import FreshetCore
import GRDB
import Testing

@testable import FreshetSQLite

/// Speed is held by plans, not by the clock: with a deep queue the difference is between a seek and a walk.
@Suite struct QueryPlanTests {
    @Test(arguments: [
        (WriteSession.hottestSQL, "freshet_jobs_ready"), (WriteSession.oldestSQL, "freshet_jobs_oldest"),
        (WriteSession.promoteSQL, "freshet_jobs_waiting"), (WriteSession.earliestSQL, "freshet_jobs_waiting"),
        (SQLiteStore.countAboveSQL, "freshet_jobs_oldest"), (SQLiteStore.countBesideSQL, "freshet_jobs_ready"),
        (ReadSession.readySQL, "freshet_jobs_ready"), (SQLiteStore.dueSQL, "freshet_documents_due"),
        (SQLiteStore.dueDeadSQL, "freshet_jobs_dead"), (SQLiteStore.duePlansSQL, "freshet_plans_due"),
        (SQLiteStore.dueDeadPlansSQL, "freshet_jobs_dead"), (SQLiteStore.nextPlanSQL, "freshet_plans_due"),
        (SQLiteStore.keysSQL, "sqlite_autoindex_freshet_documents_1"),
        (SQLiteStore.documentSQL, "sqlite_autoindex_freshet_documents_1"),
        (SQLiteStore.versionsSQL, "sqlite_autoindex_freshet_versions_1"),
        (SQLiteStore.asOfSQL, "sqlite_autoindex_freshet_versions_1"),
    ])
    func `a hot query seeks in its index, without walking or sorting`(sql: String, index: String) async throws {
        let plan = try await plan(of: sql)
        #expect(plan.contains { $0.contains("USING") && $0.contains("INDEX \(index)") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN ") && !$0.contains("CONSTANT") }, "\(plan)")
        #expect(!plan.contains { $0.contains("USE TEMP B-TREE") }, "\(plan)")
    }

    @Test func `a due key asks for its job by index`() async throws {
        let plan = try await plan(of: SQLiteStore.dueSQL)
        #expect(plan.contains { $0.contains("freshet_jobs_document (dataset=? AND key=?)") }, "\(plan)")
    }

    @Test func `counting a deep queue reads indexes, never the table`() async throws {
        let plan = try await plan(of: SQLiteStore.depthSQL)
        #expect(!plan.contains { $0 == "SCAN freshet_jobs" }, "\(plan)")
        for index in [
            "COVERING INDEX freshet_jobs_dead", "COVERING INDEX freshet_jobs_done", "freshet_jobs_oldest",
            "freshet_jobs_leased",
        ] {
            #expect(plan.contains { $0.contains(index) }, "\(index) in \(plan)")
        }
    }

    @Test func `a flood of waiting jobs that falls due is leased whole and in order`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let due = moment + .seconds(10)
        let wishes = (0..<2_500).map { number in
            EnqueueRequest(
                document: id("k\(number)"), priority: number == 2_400 ? .critical : .medium, cause: "read",
                notBefore: due)
        }
        _ = try await store.enqueue(wishes, now: moment)
        var keys: [String] = []
        while true {
            let request = LeaseRequest(admitted: [clan: .low], count: 400, leaseFor: .seconds(60))
            let leases = try await store.lease(request, now: due)
            if leases.isEmpty { break }
            keys += leases.map(\.job.document.key)
        }
        #expect(keys.first == "k2400", "the urgent one goes first, wherever it stood")
        #expect(keys.count == 2_500)
        #expect(Set(keys).count == 2_500)
        await store.close()
    }

    private func plan(of sql: String) async throws -> [String] {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let rows = try await store.pool.writeWithoutTransaction { database in
            // Parameters are left open, which GRDB's own fetching refuses.
            let statement = RawStatement(try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)"), on: database)
            var details: [String] = []
            while try statement.step() { details.append(statement.text(3)) }
            return details
        }
        await store.close()
        return rows
    }
}
