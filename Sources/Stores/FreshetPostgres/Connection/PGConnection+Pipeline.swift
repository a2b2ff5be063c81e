import CPostgres

/// A statement with its parameters.
struct PGStatement {
    var sql: String
    var parameters: [PGValue]

    init(_ sql: String, _ parameters: [PGValue] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}

extension PGConnection {
    /// Runs statements one after another in one round trip; those after one that fails are not run.
    ///
    /// Outside a transaction they are one of their own.
    ///
    /// - Returns: One result of each, in binary form.
    func pipeline(_ statements: [PGStatement]) throws(PGError) -> [PGResult] {
        arm()
        let ready = statements.map { ($0.sql, PGParameters($0.parameters)) }
        if isDirect { for (sql, parameters) in ready { _ = try preparedName(sql, parameters) } }
        arm()
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
        for (sql, parameters) in ready { try send(sql, parameters, binary: true, keeps: true) }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        try flush()
        var results: [PGResult] = []
        var failure: PGError?
        for _ in ready {
            while let pointer = try nextResult() {
                if let error = Self.error(of: pointer) {
                    PQclear(pointer)
                    failure = failure ?? error
                    if error.kind == .connection { throw lost() }
                } else {
                    results.append(PGResult(pointer))
                }
            }
        }
        // The end of the pipeline is a result of its own.
        if let pointer = try nextResult() { PQclear(pointer) }
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        if let failure {
            if failure.isConnectionLost || failure.isStaleStatement { giveUp() }
            throw failure
        }
        guard results.count == ready.count else { throw PGError(kind: .protocolMismatch) }
        return results
    }

    /// What begins a transaction in a pipeline; the second result holds its number.
    var beginning: [PGStatement] {
        guard !isDirect else { return [PGStatement("BEGIN"), PGStatement("SELECT pg_current_xact_id()::text")] }
        let settings = """
            SELECT pg_current_xact_id()::text, set_config('statement_timeout', $1::text, true),
                set_config('lock_timeout', $2::text, true), set_config('idle_in_transaction_session_timeout', $3::text, true)
            """
        return [
            PGStatement("BEGIN"),
            PGStatement(
                settings,
                [limits.statement, limits.lock, limits.idleTransaction].map { .text(String($0.wholeMilliseconds)) }),
        ]
    }
}
