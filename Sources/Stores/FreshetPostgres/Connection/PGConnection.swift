import CPostgres
import FreshetCore
import Glibc

/// A connection to PostgreSQL.
///
/// It lives on one thread, which waits for its socket and for nothing else: every call has an end, also when the server or
/// the network stands still. It keeps no state between transactions unless it talks to the server itself: behind a pooler in
/// transaction mode the next transaction may run in another session.
final class PGConnection {
    /// Prepared statements kept at most; then all are forgotten.
    private static let statementLimit = 1_000

    let handle: OpaquePointer
    /// Whether there is no pooler between: sessions, and so prepared statements, are our own.
    private(set) var isDirect = false
    /// Whether the connection can only be closed.
    private(set) var isBroken = false
    /// When the call under way must have ended.
    var deadline = Deadline.never
    let limits: PGLimits
    private var prepared: [String: String] = [:]
    /// Ends what the server is doing, from any thread.
    let canceller: PGCanceller

    /// Connects, at the latest by the limit for connecting.
    ///
    /// - Throws: ``PGError`` of kind `.connection` with words that hold no password.
    init(_ target: PGTarget, limits: PGLimits) throws(PGError) {
        self.limits = limits
        guard let handle = target.start() else {
            throw PGError(kind: .connection, message: "out of memory for a connection")
        }
        self.handle = handle
        canceller = PGCanceller(nil)
        // From here on everything has its value: when this throws, `deinit` closes the connection.
        try open(by: Deadline(after: limits.connect))
        canceller.replace(PQgetCancel(handle))
        try greet()
    }

    /// Marks the connection as one that can only be closed.
    func giveUp() { isBroken = true }

    /// Closes the connection.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        isBroken = true
        canceller.replace(nil)
        PQfinish(handle)
    }

    private var isClosed = false

    deinit { close() }

    /// Whether the other side has closed or said good-bye while the connection was idle; asks no server.
    func isStillOpen() -> Bool {
        guard !isBroken, PQstatus(handle) == CONNECTION_OK else { return false }
        var look = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        guard poll(&look, 1, 0) > 0 else { return true }
        // Something came unasked: a notice, a notification, or the end.
        guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else {
            isBroken = true
            return false
        }
        // The word of a server that shuts down arrives as a result that nobody asked for, just before the end.
        look.revents = 0
        if poll(&look, 1, 0) > 0, PQconsumeInput(handle) != 1 { isBroken = true }
        return !isBroken && PQstatus(handle) == CONNECTION_OK
    }

    // MARK: Statements

    /// Runs one statement with parameters and gives its rows in binary form.
    ///
    /// On a connection of its own the statement is prepared once and used again.
    func query(_ sql: String, _ parameters: [PGValue] = []) throws(PGError) -> PGResult {
        try ask(sql, parameters, binary: true, keeps: true)
    }

    /// Runs one statement with parameters and gives its rows in text form; `keeps` says whether it will come again.
    func queryText(_ sql: String, _ parameters: [PGValue] = [], keeps: Bool = false) throws(PGError) -> PGResult {
        try ask(sql, parameters, binary: false, keeps: keeps)
    }

    /// Runs one statement and says how many rows it wrote.
    @discardableResult
    func execute(_ sql: String, _ parameters: [PGValue] = []) throws(PGError) -> Int {
        try ask(sql, parameters, binary: true, keeps: true).changes
    }

    /// Runs statements without parameters in one round trip; the last result is given.
    ///
    /// Outside a transaction they are one of their own: all or nothing.
    @discardableResult
    func script(_ sql: String) throws(PGError) -> PGResult {
        arm()
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        return try finish()
    }

    /// Sends rows in PostgreSQL's text form of COPY; `write` gives each piece to its argument.
    ///
    /// - Returns: Rows taken.
    func copyIn(_ sql: String, _ write: (([UInt8]) throws(PGError) -> Void) throws(PGError) -> Void)
        throws(PGError) -> Int
    {
        arm()
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        try flush()
        guard let first = try nextResult() else { throw lost() }
        let status = PQresultStatus(first)
        guard status == PGRES_COPY_IN else {
            let error = Self.error(of: first)
            PQclear(first)
            try drain()
            throw error ?? PGError(kind: .protocolMismatch)
        }
        PQclear(first)
        do {
            try write { (piece) throws(PGError) in try self.put(piece) }
        } catch {
            guard !isBroken else { throw error }
            _ = PQputCopyEnd(handle, "given up")
            try flush()
            try drain()
            throw error
        }
        while true {
            let sent = PQputCopyEnd(handle, nil)
            if sent == 1 { break }
            guard sent == 0 else { throw lost() }
            try wait(write: true)
        }
        try flush()
        return try finish().changes
    }

    private func put(_ piece: [UInt8]) throws(PGError) {
        var left = 0
        while left < piece.count {
            let size = min(piece.count - left, 1 << 16)
            let sent = piece.withUnsafeBytes { bytes in
                PQputCopyData(
                    handle, bytes.baseAddress?.advanced(by: left).assumingMemoryBound(to: CChar.self), CInt(size))
            }
            if sent == 1 {
                left += size
            } else if sent == 0 {
                try wait(write: true)
            } else {
                throw lost()
            }
        }
    }

    private func ask(_ sql: String, _ parameters: [PGValue], binary: Bool, keeps: Bool) throws(PGError) -> PGResult {
        arm()
        try send(sql, PGParameters(parameters), binary: binary, keeps: keeps)
        return try finish()
    }

    /// Queues a statement for the server; in pipeline mode without waiting for anything.
    func send(_ sql: String, _ parameters: PGParameters, binary: Bool, keeps: Bool) throws(PGError) {
        let name = keeps && isDirect ? try preparedName(sql, parameters) : nil
        let sent: CInt = parameters.bytes.withUnsafeBytes { bytes in
            let values: [UnsafePointer<CChar>?] = parameters.offsets.map { offset in
                guard offset >= 0 else { return nil }
                return bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
            }
            if let name {
                return PQsendQueryPrepared(
                    handle, name, CInt(parameters.count), values, parameters.lengths, parameters.formats,
                    binary ? 1 : 0)
            }
            return PQsendQueryParams(
                handle, sql, CInt(parameters.count), parameters.types, values, parameters.lengths,
                parameters.formats, binary ? 1 : 0)
        }
        guard sent == 1 else { throw lost() }
    }

    func preparedName(_ sql: String, _ parameters: PGParameters) throws(PGError) -> String {
        // The same text with other types of parameters is another statement.
        let key = parameters.types.contains(0) ? "\(parameters.types) \(sql)" : sql
        if let known = prepared[key] { return known }
        guard PQpipelineStatus(handle) == PQ_PIPELINE_OFF else {
            throw PGError(kind: .protocolMismatch, message: "a statement was not prepared before a pipeline")
        }
        if prepared.count >= Self.statementLimit, PQtransactionStatus(handle) == PQTRANS_IDLE {
            prepared = [:]
            try script("DEALLOCATE ALL")
        }
        let name = "f\(prepared.count)"
        guard PQsendPrepare(handle, name, sql, CInt(parameters.count), parameters.types) == 1 else { throw lost() }
        _ = try finish()
        prepared[key] = name
        return name
    }

    // MARK: Answers

    /// Starts the clock of a call.
    func arm() { deadline = Deadline(after: limits.call) }

    /// Reads every result of what was sent; the last one counts, and the first error.
    func finish() throws(PGError) -> PGResult {
        try flush()
        var last: PGResult?
        var failure: PGError?
        while let pointer = try nextResult() {
            if let error = Self.error(of: pointer) {
                PQclear(pointer)
                failure = failure ?? error
            } else {
                last = PGResult(pointer)
            }
        }
        if let failure {
            if failure.isConnectionLost || failure.isStaleStatement { isBroken = true }
            throw failure
        }
        guard let last else { throw lost() }
        return last
    }

    func drain() throws(PGError) {
        while let pointer = try nextResult() { PQclear(pointer) }
    }

    /// The next result of the call under way; `nil` after the last.
    func nextResult() throws(PGError) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            try wait(write: false)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
        return PQgetResult(handle)
    }

    /// Sends what is queued; reads meanwhile, so that neither side waits for the other.
    func flush() throws(PGError) {
        while true {
            let left = PQflush(handle)
            if left == 0 { return }
            guard left > 0 else { throw lost() }
            if try wait(write: true, orRead: true), PQconsumeInput(handle) != 1 { throw lost() }
        }
    }

    /// Waits for the socket; whether it can be read.
    @discardableResult
    func wait(write: Bool, orRead: Bool = false) throws(PGError) -> Bool {
        var look = pollfd(fd: PQsocket(handle), events: 0, revents: 0)
        if write { look.events |= Int16(POLLOUT) }
        if !write || orRead { look.events |= Int16(POLLIN) }
        while true {
            let milliseconds = deadline.milliseconds
            let found = poll(&look, 1, milliseconds)
            if found > 0 { return look.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 }
            if found < 0, errno == EINTR { continue }
            guard found == 0 else { throw lost() }
            isBroken = true
            throw PGError(kind: .timeout)
        }
    }

    /// The error of a connection that does not work any more.
    func lost() -> PGError {
        isBroken = true
        let said = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        let line = said.split(whereSeparator: \.isNewline).first.map(String.init) ?? "the connection was closed"
        return PGError(kind: .connection, message: line)
    }

    /// What a result complains of; `nil` when it is a good one.
    static func error(of result: OpaquePointer) -> PGError? {
        switch PQresultStatus(result) {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: break
        case PGRES_PIPELINE_ABORTED: return PGError(kind: .server, sqlState: "25P02")
        default: return nil
        }
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, CInt(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        guard let state = field("C") else {
            let line = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
            let first = line.split(whereSeparator: \.isNewline).first.map(String.init)
            return PGError(kind: .connection, message: first ?? "the connection was closed")
        }
        let names = [("constraint", field("n")), ("table", field("t")), ("column", field("c"))]
            .compactMap { label, name in name.map { "\(label) \($0)" } }
        return PGError(
            kind: .server, sqlState: state, message: field("M") ?? "", names: names.joined(separator: ", "))
    }

    // MARK: Opening

    private func open(by limit: Deadline) throws(PGError) {
        deadline = limit
        guard PQstatus(handle) != CONNECTION_BAD else { throw lost() }
        var step = PGRES_POLLING_WRITING
        while true {
            switch step {
            case PGRES_POLLING_READING: try wait(write: false)
            case PGRES_POLLING_WRITING: try wait(write: true)
            case PGRES_POLLING_OK:
                guard PQsetnonblocking(handle, 1) == 0 else { throw lost() }
                return
            default: throw lost()
            }
            step = PQconnectPoll(handle)
        }
    }

    /// Finds out whether a pooler stands between, and sets the limits of a session of our own.
    private func greet() throws(PGError) {
        deadline = Deadline(after: limits.connect)
        guard PQsendQuery(handle, "SELECT pg_backend_pid()") == 1 else { throw lost() }
        let backend = try finish().first { $0.int64(0) }
        // A pooler gives its own number, for its own cancelling.
        isDirect = backend == Int64(PQbackendPID(handle))
        if isDirect { try script(limits.settings(local: false)) }
    }

    /// Sets aside the notices that the server sends: nobody reads standard error.
    static let silence: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void = { _, _ in }
}
