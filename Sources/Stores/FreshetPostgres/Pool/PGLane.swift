import FreshetCore
import Glibc
import Synchronization

/// A thread's own connection, made when it is needed and made again when it breaks.
final class PGLane {
    private let target: PGTarget
    private let limits: PGLimits
    private let health: SharedHealth
    private var current: PGConnection?

    init(target: PGTarget, limits: PGLimits, health: SharedHealth) {
        (self.target, self.limits, self.health) = (target, limits, health)
    }

    /// The connection, known to have been open a moment ago.
    ///
    /// - Throws: ``PGError`` of kind `.connection`; at once while the server is known to be away.
    func connection() throws(PGError) -> PGConnection {
        if let current {
            if current.isStillOpen() { return current }
            drop()
        }
        if case .refuse(let why) = health.state.withLock({ $0.decide(now: Deadline.now()) }) {
            throw PGError(kind: .connection, message: why)
        }
        do {
            let made = try PGConnection(target, limits: limits)
            health.state.withLock { $0.succeeded() }
            current = made
            return made
        } catch {
            // The server's own refusals are told as they are: a wrong password is not an outage of the network.
            let said = error.kind == .timeout ? "no answer in time" : error.message
            let why = "\(target.description): \(said)"
            health.state.withLock { $0.failed(why, now: Deadline.now()) }
            throw PGError(kind: .connection, message: why)
        }
    }

    /// Closes the connection.
    func drop() {
        current?.close()
        current = nil
    }

    /// Closes the connection if it cannot be used again, or was left in the middle of something.
    func tidy() {
        guard let current else { return }
        current.rollBack()
        if current.isBroken { drop() }
    }

    /// Performs a body that only reads; once more on a new connection when the first breaks.
    func read<Value>(_ body: (PGConnection) throws -> Value) throws -> Value {
        var tries = 0
        while true {
            tries += 1
            do {
                defer { tidy() }
                return try body(try connection())
            } catch let error as PGError
                where (error.isTransient && tries < 5)
                || (error.isConnectionLost && error.kind != .timeout && tries < 2)
            {
                continue
            }
        }
    }

    /// Performs a transaction; again when the server certainly took it back for no fault of its own.
    ///
    /// When the connection breaks before the commit was sent, nothing was written, and it is done again. When it breaks
    /// after, the server is asked how the transaction ended. Only where that cannot be found out either does the call fail.
    func transaction<Value: Sendable>(_ body: (PGConnection) throws -> Value) throws -> Value {
        try transaction { connection in
            try connection.transaction(body)
        } kept: { _, uncertain in
            guard let value = uncertain.value as? Value else { throw Self.unknown }
            return value
        }
    }

    /// Performs a transaction that `run` begins and commits by itself.
    ///
    /// - Parameters:
    ///   - run: The transaction; throws ``UncertainCommit`` when nobody answered its commit.
    ///   - kept: Says what `run` would have returned, once it is known that such a commit was kept.
    /// - Returns: What `run` or `kept` returned.
    /// - Throws: What they threw, or `.unavailable` when the end of a commit could not be found out.
    func transaction<Value>(
        run: (PGConnection) throws -> Value, kept: (PGConnection, UncertainCommit) throws -> Value
    ) throws -> Value {
        var tries = 0
        while true {
            tries += 1
            do {
                defer { tidy() }
                return try run(try connection())
            } catch let uncertain as UncertainCommit {
                if try isCommitted(uncertain.transaction) { return try kept(try connection(), uncertain) }
                guard tries < 5 else { throw Self.unknown }
            } catch let error as PGError {
                let isCertain = error.isTransient || (error.isConnectionLost && error.kind != .timeout)
                guard isCertain, tries < (error.isTransient ? 8 : 3) else { throw error }
                if error.isTransient { usleep(UInt32.random(in: 1_000...5_000) << min(tries, 4)) }
            }
        }
    }

    private static let unknown = StoreError.unavailable(
        "the connection broke during a commit, and whether it was kept cannot be found out")

    /// Asks how a transaction ended, for as long as its old session may still be at it.
    private func isCommitted(_ transaction: Int64) throws -> Bool {
        let limit = Deadline(after: .seconds(3))
        while !limit.isOver {
            do {
                switch try connection().fate(of: transaction) {
                case "committed": return true
                case "aborted": return false
                case "in progress": break
                default: throw Self.unknown
                }
            } catch let error as PGError {
                tidy()
                guard error.isConnectionLost else { throw Self.unknown }
            }
            usleep(20_000)
        }
        throw Self.unknown
    }
}

/// What the lanes of a store know of their server together.
final class SharedHealth: Sendable {
    let state = Mutex(ServerHealth())
}
