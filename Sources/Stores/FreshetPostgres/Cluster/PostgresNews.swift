import CPostgres
public import FreshetCore
import Glibc
import Synchronization

/// Tells the processes of one database at once that there is news, by LISTEN and NOTIFY on a connection of its own.
///
/// A pooler in transaction mode has no sessions, and nothing is ever heard through it: ``isHeard`` says so, and whoever
/// listens looks by itself instead. It is found out by asking, not by configuration.
public final class PostgresNews: Sendable {
    private struct State {
        var pending: Set<News> = []
        var isHeard = false
        var isClosed = false
        var isRunning = false
        var atEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let target: PGTarget
    private let limits: PGLimits
    private let pool: PGPool
    private let board = NewsBoard()
    private let state = Mutex(State())
    /// Wakes the thread: what is written to the second end is read from the first.
    private let bell: (out: CInt, into: CInt)
    /// Tells this process's rings from those of others.
    private let name = String(UInt64.random(in: .min ... .max), radix: 36)

    init(target: PGTarget, options: PostgresOptions, pool: PGPool) {
        self.target = target
        self.pool = pool
        var limits = PGLimits(options)
        limits.statement = min(limits.statement, .seconds(3))
        self.limits = limits
        var ends: [CInt] = [-1, -1]
        pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        bell = (ends[0], ends[1])
        state.withLock { $0.isRunning = true }
        PGThread.start { [self] in listen() }
    }

    deinit {
        Glibc.close(bell.out)
        Glibc.close(bell.into)
    }

    /// Whether rings of other processes are heard now; when not, look at the store now and then.
    public var isHeard: Bool { state.withLock { $0.isHeard } }

    /// Tells every process, this one included, that there is news of a kind; never waits and never fails.
    public func ring(_ news: News) {
        board.put(news)
        state.withLock { _ = $0.pending.insert(news) }
        wake()
    }

    /// The rings from now on, in order; those that come while nobody takes them are one of each kind.
    public func rings() -> AsyncStream<News> { board.stream() }

    /// Ends every stream and closes the connection.
    func close() async {
        board.end()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.atEnd.append(continuation) }
                return !state.isRunning
            }
            if isOver { continuation.resume() }
            wake()
        }
    }

    private func wake() {
        // A full pipe wakes it just as well.
        var one: UInt8 = 1
        _ = Glibc.write(bell.into, &one, 1)
    }

    // MARK: The thread

    private func listen() {
        while !isClosed {
            var pause = Duration.seconds(1)
            do {
                let connection = try PGConnection(target, limits: limits)
                defer { connection.close() }
                try follow(connection, &pause)
            } catch {
                // Whoever listens looks by itself meanwhile.
            }
            state.withLock { $0.isHeard = false }
            rest(for: pause)
        }
        let ended = state.withLock { state in
            state.isRunning = false
            defer { state.atEnd = [] }
            return state.atEnd
        }
        for continuation in ended { continuation.resume() }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Hears and rings until the connection breaks or it is found that nothing is heard.
    private func follow(_ connection: PGConnection, _ pause: inout Duration) throws {
        let channel = try connection.query("SELECT 'freshet_' || md5(current_schema())").first { $0.text(0) } ?? ""
        // LISTEN through a pooler would stay behind in somebody else's session.
        guard connection.isDirect, !channel.isEmpty else {
            pause = .seconds(30)
            return
        }
        try connection.script("LISTEN \(channel)")
        guard try isHearing(connection, channel) else {
            pause = .seconds(30)
            return
        }
        state.withLock { $0.isHeard = true }
        // Whatever was rung before is not known.
        for news in News.allCases { board.put(news) }
        while !isClosed {
            try send(on: connection, channel)
            take(from: connection)
            if try wait(for: connection, .seconds(10)) == .nothing { try connection.script("SELECT 1") }
        }
    }

    /// Whether what another connection says arrives.
    private func isHearing(_ connection: PGConnection, _ channel: String) throws -> Bool {
        let word = "hello \(name)"
        Task { [pool] in
            // Not heard is the answer if it fails.
            try? await pool.statement(repeatable: true) { connection in
                _ = try connection.query("SELECT pg_notify($1, $2)", [.text(channel), .text(word)])
            }
        }
        let limit = Deadline(after: .seconds(5))
        while !limit.isOver, !isClosed {
            if take(from: connection, until: word) { return true }
            _ = try wait(for: connection, .milliseconds(200))
        }
        return false
    }

    private func send(on connection: PGConnection, _ channel: String) throws {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        guard !pending.isEmpty else { return }
        // It does not wait for the disk: a ring may be lost.
        let words = pending.map(\.rawValue).sorted().map { "\(name) \($0)" }
        _ = try connection.pipeline([
            PGStatement("SELECT set_config('synchronous_commit', 'off', true)"),
            PGStatement("SELECT pg_notify($1::text, w) FROM unnest($2::text[]) w", [.text(channel), .texts(words)]),
        ])
    }

    /// Takes what has arrived; whether a word was among it.
    @discardableResult
    private func take(from connection: PGConnection, until word: String? = nil) -> Bool {
        var isFound = false
        while let notification = PQnotifies(connection.handle) {
            defer { PQfreemem(notification) }
            let said = String(cString: notification.pointee.extra)
            if said == word { isFound = true }
            let parts = said.split(separator: " ")
            guard parts.count == 2, parts[0] != name, let news = News(rawValue: String(parts[1])) else { continue }
            board.put(news)
        }
        return isFound
    }

    private enum Wake { case nothing, something }

    /// Waits for words or rings; throws when the connection has ended.
    private func wait(for connection: PGConnection, _ span: Duration) throws -> Wake {
        var looks = [
            pollfd(fd: PQsocket(connection.handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell.out, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&looks, 2, CInt(span.wholeMilliseconds)) > 0 else { return .nothing }
        if looks[1].revents != 0 { quiet() }
        if looks[0].revents != 0, PQconsumeInput(connection.handle) != 1 || PQstatus(connection.handle) != CONNECTION_OK
        {
            throw connection.lost()
        }
        return .something
    }

    private func quiet() {
        var rings = [UInt8](repeating: 0, count: 256)
        while Glibc.read(bell.out, &rings, rings.count) == rings.count {}
    }

    /// Rests until it is time to connect again; rings go to other processes through the pool meanwhile.
    private func rest(for span: Duration) {
        let limit = Deadline(after: span)
        while !limit.isOver, !isClosed {
            var look = pollfd(fd: bell.out, events: Int16(POLLIN), revents: 0)
            guard poll(&look, 1, limit.milliseconds) > 0 else { return }
            quiet()
            let pending = state.withLock { state in
                defer { state.pending = [] }
                return state.pending
            }
            guard !pending.isEmpty else { continue }
            let words = pending.map(\.rawValue).sorted().map { "\(name) \($0)" }
            Task { [pool] in
                // Lost when nobody can be reached: whoever listens looks by itself.
                try? await pool.statement(repeatable: true) { connection in
                    _ = try connection.query(
                        "SELECT pg_notify('freshet_' || md5(current_schema()), w) FROM unnest($1::text[]) w",
                        [.texts(words)])
                }
            }
        }
    }
}
