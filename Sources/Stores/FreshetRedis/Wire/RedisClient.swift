import FreshetCore
import NIOCore
import NIOPosix
import Synchronization

/// One connection to Redis that many tasks share: their commands go out together and their answers come in order.
///
/// It opens itself again when it was cut. While it cannot be opened every command fails at once.
final class RedisClient: Sendable {
    private struct Gate {
        var phase = RedisCore.Phase.opening
        var inbox: [RedisCall] = []
        var isScheduled = false
    }

    private let loop: any EventLoop
    private let gate: SharedGate
    private let core: NIOLoopBoundBox<RedisCore?>
    private let patience: TimeAmount

    /// What both sides see: callers on any thread, and the event loop.
    private final class SharedGate: Sendable {
        let state = Mutex(Gate())
    }

    /// Begins to connect.
    ///
    /// `onPush` takes what comes unasked; `nil` says that the connection is up (again).
    init(
        options: RedisOptions, group: any EventLoopGroup, subscription: String? = nil, scripts: [LuaScript] = [],
        onPush: @escaping @Sendable ([RESPValue]?) -> Void = { _ in }
    ) throws(StoreError) {
        let opener = try RedisOpener(options: options, subscription: subscription, scripts: scripts)
        let (loop, gate) = (group.next(), SharedGate())
        let box = NIOLoopBoundBox<RedisCore?>.makeEmptyBox(valueType: RedisCore.self, eventLoop: loop)
        (self.loop, self.gate, core) = (loop, gate, box)
        patience = TimeAmount(options.connectTimeout + options.answerTimeout)
        loop.execute {
            let core = RedisCore(
                options: options, opener: opener, loop: loop,
                onPhase: { phase in gate.state.withLock { $0.phase = phase } }, onPush: onPush)
            box.value = core
            core.start()
        }
    }

    /// Sends a command and waits for its answer; errors of Redis are thrown.
    func call(_ command: RedisCommand) async throws(StoreError) -> RESPValue {
        let value = try await withUnsafeContinuation { waiter in submit(command, waiter) }.get()
        if case .error(let text) = value { throw StoreError(redis: text) }
        return value
    }

    /// Sends a command whose answer nobody needs.
    ///
    /// - Throws: When it is known already that it cannot go.
    func cast(_ command: RedisCommand) throws(StoreError) {
        let phase = gate.state.withLock { $0.phase }
        if case .down(let why) = phase { throw .unavailable(why) }
        if phase == .closed { throw .unavailable("the connection to Redis is closed") }
        submit(command, nil)
    }

    private func submit(_ command: RedisCommand, _ waiter: RedisCall.Waiter?) {
        let call = RedisCall(command: command, deadline: .now() + patience, waiter: waiter)
        enum Next { case run, nothing, fail(String) }
        let next = gate.state.withLock { gate -> Next in
            if case .down(let why) = gate.phase { return .fail(why) }
            if gate.phase == .closed { return .fail("the connection to Redis is closed") }
            gate.inbox.append(call)
            if gate.isScheduled { return .nothing }
            gate.isScheduled = true
            return .run
        }
        switch next {
        case .nothing: break
        case .fail(let why): call.finish(.failure(.unavailable(why)))
        case .run: loop.execute { [gate, core] in Self.drain(gate, core) }
        }
    }

    private static func drain(_ gate: SharedGate, _ core: NIOLoopBoundBox<RedisCore?>) {
        let calls = gate.state.withLock { gate in
            gate.isScheduled = false
            defer { gate.inbox = [] }
            return gate.inbox
        }
        core.value?.send(calls)
    }

    /// Whether it is known to be away; `nil` while it is up or being opened.
    var trouble: String? {
        if case .down(let why) = gate.state.withLock({ $0.phase }) { why } else { nil }
    }

    /// Closes for good; commands under way fail.
    func close() async {
        let (loop, core, gate) = (loop, core, gate)
        let closed = loop.flatSubmit {
            Self.drain(gate, core)
            return core.value?.close() ?? loop.makeSucceededVoidFuture()
        }
        try? await closed.get()
    }
}

extension StoreError {
    /// What an error of Redis means to the caller.
    init(redis text: String) {
        let code = text.prefix { $0 != " " }
        switch code {
        case "OOM", "MISCONF", "READONLY": self = .cannotWrite("Redis: \(text)")
        case "WRONGTYPE": self = .corrupt("Redis holds something else under a key of Freshet")
        default:
            let own = text.firstRange(of: "FRESHET ").map { String(text[$0.upperBound...]) }
            self = .unavailable(own ?? "Redis: \(text)")
        }
    }
}
