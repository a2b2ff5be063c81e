import CPostgres
import Dispatch
import FreshetCore
import Glibc
import Synchronization

/// A bounded number of connections, each with a thread of its own: nothing ever waits on Swift's threads.
///
/// Calls wait in one line for the first thread that is free, and give up when that takes too long.
final class PGPool: Sendable {
    private struct State {
        var waiting: [any PoolWork] = []
        var head = 0
        var lanes = 0
        var idle = 0
        var isClosed = false
        var atEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let target: PGTarget
    private let limits: PGLimits
    private let health: SharedHealth
    private let size: Int
    private let patience: Duration
    private let state = Mutex(State())
    /// Counts what waits, plus one for each lane at the end.
    private let bell = DispatchSemaphore(value: 0)

    init(target: PGTarget, limits: PGLimits, health: SharedHealth, size: Int, patience: Duration) {
        self.target = target
        self.limits = limits
        self.health = health
        self.size = max(1, size)
        self.patience = patience
    }

    /// Performs a body that only reads, and once more when its connection breaks.
    ///
    /// When the task is cancelled the server is told to end the statement.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (PGConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        let ending = Ending()
        return try await withTaskCancellationHandler {
            await self.submit { lane in
                try lane.read { connection in
                    guard ending.begin(connection.canceller) else {
                        throw StoreError.unavailable("the call was given up")
                    }
                    defer { ending.end() }
                    return try body(connection)
                }
            }
        } onCancel: {
            ending.cancel()
        }.get()
    }

    /// Performs several reads on one unchanging state of the database.
    func snapshot<Value: Sendable>(
        _ body: @escaping @Sendable (PGConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        try await read { connection in try connection.snapshot(body) }
    }

    /// Performs a transaction and returns once it is committed; `body` may run several times, each from a clean state.
    func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (PGConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        try await submit { lane in try lane.transaction(body) }.get()
    }

    /// Performs one statement that is a transaction of its own.
    ///
    /// - Parameters:
    ///   - repeatable: Whether doing it twice does no harm; only then is it done again when the connection broke before the
    ///     answer came.
    ///   - body: The statement.
    /// - Returns: What `body` returned.
    /// - Throws: `.unavailable` also when it may have been done but nobody answered.
    func statement<Value: Sendable>(
        repeatable: Bool, _ body: @escaping @Sendable (PGConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        try await submit { lane in
            if repeatable { return try lane.read(body) }
            defer { lane.tidy() }
            var tries = 0
            while true {
                tries += 1
                do {
                    return try body(try lane.connection())
                } catch let error as PGError where error.isTransient && tries < 8 {
                    usleep(UInt32.random(in: 1_000...5_000))
                }
            }
        }.get()
    }

    /// Runs a body on a lane, off Swift's threads.
    func submit<Value: Sendable>(
        _ body: @escaping @Sendable (PGLane) throws -> Value
    ) async -> Result<Value, StoreError> {
        await withCheckedContinuation { answer in
            enter(LaneWork(answer: answer, body: body))
        }
    }

    /// Waits for calls under way and closes every connection.
    func close() async {
        await withCheckedContinuation { continuation in
            let (lanes, refused) = state.withLock { state -> (Int, [any PoolWork]) in
                state.isClosed = true
                if state.lanes > 0 { state.atEnd.append(continuation) }
                return (state.lanes, [])
            }
            for work in refused { work.fail(.unavailable("the store is closed")) }
            if lanes == 0 { continuation.resume() }
            for _ in 0..<lanes { bell.signal() }
        }
    }

    // MARK: The line

    private func enter(_ work: any PoolWork) {
        enum Entry { case refused, waits, needsLane }
        let entry = state.withLock { state -> Entry in
            guard !state.isClosed else { return .refused }
            state.waiting.append(work)
            guard state.idle < state.waiting.count - state.head, state.lanes < size else { return .waits }
            state.lanes += 1
            return .needsLane
        }
        switch entry {
        case .refused: return work.fail(.unavailable("the store is closed"))
        case .waits: break
        case .needsLane:
            PGThread.start { [self] in serve() }
        }
        bell.signal()
    }

    /// The life of a lane.
    private func serve() {
        let lane = PGLane(target: target, limits: limits, health: health)
        while let work = next() {
            // What has waited longer than its caller wants is not begun.
            if work.since + patience.wholeMilliseconds * 1_000_000 < Deadline.now() {
                work.fail(.unavailable("every connection to PostgreSQL was busy for too long"))
            } else {
                work.run(on: lane)
            }
        }
        lane.drop()
        let ended = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.lanes -= 1
            guard state.lanes == 0 else { return [] }
            defer { state.atEnd = [] }
            return state.atEnd
        }
        for continuation in ended { continuation.resume() }
    }

    private func next() -> (any PoolWork)? {
        state.withLock { $0.idle += 1 }
        bell.wait()
        return state.withLock { state in
            state.idle -= 1
            guard state.head < state.waiting.count else { return nil }  // rung for the end
            let work = state.waiting[state.head]
            state.head += 1
            if state.head == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.head = 0
            } else if state.head >= 1_024 {
                state.waiting.removeFirst(state.head)
                state.head = 0
            }
            return work
        }
    }
}

/// A call that waits for a lane.
protocol PoolWork: Sendable {
    /// When it was called.
    var since: Int64 { get }

    func run(on lane: PGLane)
    func fail(_ error: StoreError)
}

/// A call with a result.
private struct LaneWork<Value: Sendable>: PoolWork {
    let since = Deadline.now()
    private let answer: CheckedContinuation<Result<Value, StoreError>, Never>
    private let body: @Sendable (PGLane) throws -> Value

    init(
        answer: CheckedContinuation<Result<Value, StoreError>, Never>,
        body: @escaping @Sendable (PGLane) throws -> Value
    ) {
        (self.answer, self.body) = (answer, body)
    }

    func run(on lane: PGLane) {
        do {
            let value = try body(lane)
            answer.resume(returning: .success(value))
        } catch {
            answer.resume(returning: .failure(StoreError(postgres: error)))
        }
    }

    func fail(_ error: StoreError) { answer.resume(returning: .failure(error)) }
}

/// Carries a caller's cancelling to the server, if its statement is under way.
private final class Ending: Sendable {
    private struct State {
        var isCancelled = false
        var canceller: PGCanceller?
    }

    private let state = Mutex(State())

    func begin(_ canceller: PGCanceller) -> Bool {
        state.withLock { state in
            state.canceller = canceller
            return !state.isCancelled
        }
    }

    func end() { state.withLock { $0.canceller = nil } }

    func cancel() {
        let canceller = state.withLock { state in
            state.isCancelled = true
            return state.canceller
        }
        guard let canceller else { return }
        // Cancelling makes a connection of its own and may take a while.
        DispatchQueue.global().async { canceller.cancel() }
    }
}

/// Starts threads.
enum PGThread {
    /// Runs a body on a thread of its own, which ends with it.
    static func start(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let failed = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        if failed == 0 {
            pthread_detach(thread)
        } else {
            // No thread left in the system: the shared ones must do.
            box.release()
            DispatchQueue.global().async { body() }
        }
    }
}

extension StoreError {
    /// The store's word for whatever a body threw.
    init(postgres error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as PGError: self = error.storeError
        default: self = .unavailable("\(type(of: error))")
        }
    }
}
