import FreshetCore

/// What libpq or the server said.
///
/// ``message`` can quote values; ``storeError`` never does.
struct PGError: Error {
    /// What failed, and so what may be done about it.
    enum Kind {
        /// The connection is gone or was never made: nothing that was not committed counts.
        case connection
        /// No answer came in time; the connection is given up.
        case timeout
        /// The server refused a statement; ``sqlState`` says why.
        case server
        /// The answer was not what this program asked for.
        case protocolMismatch
    }

    var kind: Kind
    /// Five characters, such as `23505`; empty unless ``kind`` is `.server`.
    var sqlState = ""
    /// The server's own words; they may quote values.
    var message = ""
    /// The names that the server gave: constraint, table, column.
    var names = ""

    /// Whether the connection cannot be used any more.
    var isConnectionLost: Bool {
        switch kind {
        case .connection, .timeout: true
        case .server: Self.endings.contains(sqlState)
        case .protocolMismatch: false
        }
    }

    /// Whether the transaction was taken back for no fault of its own, so that it can be done again.
    var isTransient: Bool { kind == .server && Self.transient.contains(sqlState) }

    /// The server shuts down, was told to end this connection, starts, or crashed.
    private static let endings: Set<String> = ["57P01", "57P02", "57P03", "57P05", "25P03", "08000", "08003", "08006"]
    /// Serialisation failure, deadlock, a lock not had in time, and what a new connection mends: prepared statements that the
    /// server does not know, or that were made before a table changed.
    private static let transient: Set<String> = ["40001", "40P01", "55P03", "26000", "0A000"]

    /// Whether the connection's prepared statements are of no use any more.
    var isStaleStatement: Bool { kind == .server && (sqlState == "26000" || sqlState == "0A000") }

    /// The store's word for it, without any value.
    var storeError: StoreError {
        switch kind {
        case .connection: return .unavailable(message)
        case .timeout: return .unavailable("PostgreSQL did not answer in time")
        case .protocolMismatch: return .corrupt("PostgreSQL answered in an unexpected form")
        case .server: break
        }
        let text = names.isEmpty ? "PostgreSQL error \(sqlState)" : "PostgreSQL error \(sqlState) at \(names)"
        switch sqlState.prefix(2) {
        case "53" where sqlState == "53300": return .unavailable("PostgreSQL has no connection left [\(sqlState)]")
        case "53", "58": return .cannotWrite(said(text))
        case "25" where sqlState == "25006": return .cannotWrite("PostgreSQL is read-only [\(sqlState)]")
        case "23": return .cannotWrite(text)
        case "42" where sqlState == "42501": return .cannotWrite(said(text))
        case "22", "54": return .refused("\(text): a value has a form or size that PostgreSQL cannot keep")
        case "XX" where sqlState != "XX000": return .corrupt(text)
        case "57" where sqlState == "57014": return .unavailable("a statement took too long and was ended [57014]")
        default: return .unavailable(said(text))
        }
    }

    /// Errors of classes that speak of the server and of names, never of values, keep the server's words.
    private func said(_ text: String) -> String {
        switch sqlState.prefix(2) {
        case "08", "28", "3D", "53", "55", "57", "58": "\(message) [\(sqlState)]"
        case "42": "\(message) [\(sqlState)]"
        default: text
        }
    }
}
