import CPostgres
import FreshetCore

/// A commit was sent and its answer never came.
struct UncertainCommit: Error {
    /// The transaction, which the server knows the end of.
    var transaction: Int64
    /// What would be returned, if it was kept.
    var value: any Sendable
}

extension PGConnection {
    /// Whether a transaction is open.
    var isInTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }

    /// Performs `body` in a transaction: all or nothing.
    ///
    /// - Returns: What `body` returned, once it is committed.
    /// - Throws: What `body` threw, after everything was taken back; ``UncertainCommit`` when nobody answered the commit;
    ///   ``PGError``.
    func transaction<Value: Sendable>(_ body: (PGConnection) throws -> Value) throws -> Value {
        // The number is asked for with the beginning, so that the end can be found out when the connection breaks.
        let settings = isDirect ? "" : limits.settings(local: true) + "; "
        let number = try script("BEGIN; \(settings)SELECT pg_current_xact_id()::text").first { $0.int64(0) } ?? 0
        let value: Value
        do {
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        try end(number, value)
        return value
    }

    private func end(_ number: Int64, _ value: any Sendable) throws {
        do {
            try commit()
        } catch {
            guard error.isConnectionLost else { throw error }
            throw UncertainCommit(transaction: number, value: value)
        }
    }

    /// Performs `body` on one unchanging state of the database.
    func snapshot<Value>(_ body: (PGConnection) throws -> Value) throws -> Value {
        let settings = isDirect ? "" : "; " + limits.settings(local: true)
        try script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY\(settings)")
        defer { rollBack() }
        return try body(self)
    }

    /// Performs `body`, and takes back what it wrote when it throws, or when `keeps` is false; the transaction goes on.
    func savepoint<Value>(keeps: Bool = true, _ body: (PGConnection) throws -> Value) throws -> Value {
        try script("SAVEPOINT freshet")
        let value: Value
        do {
            value = try body(self)
        } catch {
            if !isBroken { try script("ROLLBACK TO freshet; RELEASE freshet") }
            throw error
        }
        try script(keeps ? "RELEASE freshet" : "ROLLBACK TO freshet; RELEASE freshet")
        return value
    }

    /// Commits; a transaction that had failed before is refused, as the server would silently take it back.
    func commit() throws(PGError) {
        let result = try script("COMMIT")
        guard result.tag == "COMMIT" else {
            throw PGError(kind: .server, sqlState: "25P02", message: "the transaction had failed before its commit")
        }
    }

    /// Takes back whatever is open; a connection on which that fails is given up.
    func rollBack() {
        guard !isBroken, isInTransaction else { return }
        do {
            try script("ROLLBACK")
        } catch {
            giveUp()
        }
    }

    /// How a transaction ended: `committed`, `aborted` or `in progress`; `nil` when the server does not know.
    func fate(of transaction: Int64) throws(PGError) -> String? {
        let result = try queryText("SELECT pg_xact_status($1::xid8)", [.unknown(String(transaction))])
        return result.first { $0.optionalText(0) } ?? nil
    }
}
