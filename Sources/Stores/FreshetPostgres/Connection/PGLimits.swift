import Glibc

/// How long things may take.
struct PGLimits: Sendable {
    var connect: Duration
    var statement: Duration
    var lock: Duration
    var idleTransaction: Duration
    /// How long the server may be silent: longer than a statement may run, so that it has the first word.
    var call: Duration { statement + .seconds(2) }

    init(_ options: PostgresOptions) {
        connect = options.connectTimeout
        statement = options.statementTimeout
        lock = options.lockTimeout
        idleTransaction = options.idleTransactionTimeout
    }

    /// The settings of a session, or of the transaction that has just begun.
    func settings(local: Bool) -> String {
        let set = local ? "SET LOCAL" : "SET"
        return """
            \(set) statement_timeout = \(statement.wholeMilliseconds); \
            \(set) lock_timeout = \(lock.wholeMilliseconds); \
            \(set) idle_in_transaction_session_timeout = \(idleTransaction.wholeMilliseconds)
            """
    }
}

extension Duration {
    /// At least 1.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}

/// A moment of the monotonic clock by which something must have happened.
struct Deadline: Comparable {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    var at: Int64

    static let never = Deadline(at: .max)

    init(at: Int64) { self.at = at }

    init(after span: Duration) { at = Self.now() + span.wholeMilliseconds * 1_000_000 }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    var isOver: Bool { Self.now() >= at }

    /// What is left, as `poll` wants it: rounded up, -1 for no end.
    var milliseconds: CInt {
        guard at != .max else { return -1 }
        return CInt(clamping: max(0, (at - Self.now() + 999_999) / 1_000_000))
    }

    static func < (a: Deadline, b: Deadline) -> Bool { a.at < b.at }
}
