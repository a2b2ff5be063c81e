import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Where a mock listens.
public struct BoundMock: Sendable, Equatable {
    /// The address.
    public let host: String
    /// The port.
    public let port: Int

    /// `http://host:port`, without a trailing slash.
    public var baseURL: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// A real HTTP/1.1 server that plays an upstream API, misbehaves on request and counts exactly what it receives.
///
/// ```swift
/// let mock = MockUpstream(handler: FixedHandler(.json("{}")))
/// let bound = try await mock.start()
/// // … call bound.baseURL …
/// #expect(mock.counters().violations == 0)
/// await mock.shutdown()
/// ```
public final class MockUpstream: Sendable {
    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var listener: (any Channel)?
        var hold: PortHold?
        var ended: AsyncStream<Void>.Continuation?
    }

    private let core: MockCore
    private let state = Mutex(State())

    /// Creates a mock; nothing listens yet.
    public init(handler: any MockHandler, options: MockOptions = MockOptions()) {
        core = MockCore(handler: handler, options: options)
    }

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - host: An address of this machine.
    ///   - port: 0 takes a free port.
    /// - Returns: Where it listens.
    /// - Throws: When the port cannot be had. Starting a mock that runs is a programming error.
    public func start(host: String = "127.0.0.1", port: Int = 0) async throws -> BoundMock {
        let hold = try PortHold.take(host: host, port: port)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, core.options.threads))
        do {
            let listener = try await bind(group, hold.address).get()
            state.withLock { state in
                precondition(state.group == nil, "This mock runs already")
                (state.group, state.listener, state.hold) = (group, listener, hold)
            }
            return BoundMock(host: host, port: hold.address.port ?? port)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Closes all connections and stops listening.
    ///
    /// Does nothing when it does not run.
    public func shutdown() async {
        let (group, listener, ended) = state.withLock { state in
            defer { (state.group, state.listener, state.hold, state.ended) = (nil, nil, nil, nil) }
            return (state.group, state.listener, state.ended)
        }
        try? await listener?.close()
        core.open.resetAll()
        // The only error is that the group is shut down already.
        try? await group?.shutdownGracefully()
        ended?.finish()
    }

    /// Listens until the task is cancelled or ``shutdown()`` is called: the form for a service group.
    ///
    /// - Parameters:
    ///   - host: An address of this machine.
    ///   - port: 0 takes a free port.
    ///   - ready: Called once with the address, before the first request.
    /// - Throws: When the port cannot be had.
    public func run(
        host: String = "127.0.0.1", port: Int = 0, ready: @Sendable (BoundMock) -> Void = { _ in }
    ) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let bound = try await start(host: host, port: port)
        state.withLock { $0.ended = continuation }
        ready(bound)
        // The stream ends at a cancellation or a shutdown; nothing is ever sent on it.
        for await _ in stream {}
        await shutdown()
    }

    // MARK: Questions

    /// What was received so far.
    ///
    /// Calls to `/__mock/` are not in it.
    public func counters() -> TrafficReport { core.report() }

    /// The last requests, newest first.
    public func requests(last limit: Int = 100) -> [RequestRecord] { core.requests(last: limit) }

    /// Forgets all counters and requests; faults stay.
    public func resetCounters() { core.reset() }

    // MARK: Trouble

    /// Replaces all faults; an empty array ends the trouble.
    public func setFaults(_ faults: [FaultSpec]) { core.setFaults(faults) }

    /// Replaces all faults.
    ///
    /// - Throws: ``MockSpecError`` naming every text that is wrong; the faults stay as they were.
    public func setFaults(_ texts: String...) throws { core.setFaults(try FaultSpec.parse(texts)) }

    /// Resets every open connection once.
    public func resetConnections() { core.open.resetAll() }

    /// Makes every OAuth2 token invalid.
    public func revokeTokens() { _ = core.withIssuer { issuer, _ in issuer.revokeAll() } }

    /// Stops listening and resets every connection: clients are refused until ``comeUp()``.
    ///
    /// Counters stay, and so does the port: no other program gets it meanwhile.
    public func goDown() async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        try? await listener?.close()
        core.open.resetAll()
    }

    /// Listens again on the same port after ``goDown()``.
    ///
    /// - Throws: When the system gives no socket.
    public func comeUp() async throws {
        core.isDown = false
        let (group, hold, listener) = state.withLock { ($0.group, $0.hold, $0.listener) }
        guard let group, let hold, listener == nil else { return }
        let channel = try await bind(group, hold.address).get()
        state.withLock { $0.listener = channel }
    }

    // MARK: Listening

    private func bind(_ group: MultiThreadedEventLoopGroup, _ address: SocketAddress) -> EventLoopFuture<any Channel> {
        let core = core
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 8_192)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
                    try pipeline.addHandler(
                        ConnectionHandler(core: core) { [weak self] action, channel in
                            self?.perform(action, from: channel)
                        })
                }
            }
            .bind(to: address)
    }

    private func perform(_ action: ControlAction, from channel: any Channel) {
        switch action {
        case .none: break
        case .up: core.isDown = false
        case .down:
            core.isDown = true
            core.open.resetAll(except: channel)
        case .refuse(let length): refuse(for: length, sparing: channel)
        }
    }

    /// Closes the listening socket and opens it again later on the same port.
    private func refuse(for length: Duration, sparing channel: any Channel) {
        let (group, listener, hold) = state.withLock { state in
            defer { state.listener = nil }
            return (state.group, state.listener, state.hold)
        }
        guard let group, let listener, let hold else { return }
        listener.close(promise: nil)
        core.open.resetAll(except: channel)
        group.next().scheduleTask(in: .nanoseconds(length.nanosecondsClamped)) { [weak self] in
            guard let self, self.state.withLock({ $0.group != nil && $0.listener == nil }) else { return }
            self.bind(group, hold.address).whenSuccess { channel in
                self.state.withLock { $0.listener = channel }
            }
        }
    }
}
