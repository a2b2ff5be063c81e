public import FreshetCore
public import FreshetEngine
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The serving side: fast lane and router on one port.
public struct FreshetServer: Service, CustomStringConvertible {
    /// Its name only: service groups log services, and a field may be secret.
    public var description: String { "FreshetServer" }

    private let service: any MirrorService
    private let configuration: ServerConfig
    private let build: BuildInfo
    private let controlToken: String?
    private let usesLane: Bool
    private let isProbeOnly: Bool
    private let idleTimeout: Duration
    private let logger: Logger
    private let clock: any FreshetClock
    private let onBound: @Sendable (String) async -> Void

    /// Makes a server that listens once it runs, and stops with the service group's graceful shutdown.
    ///
    /// - Parameters:
    ///   - service: What it serves.
    ///   - configuration: Its `server` section says address, threads and limits.
    ///   - logger: Gets errors, slow answers and changes by operators.
    ///   - clock: Gives the moments of answers and limits.
    ///   - version: Shown by `/version`, `/metrics`, `/health` and `/openapi.json`.
    ///   - commit: The revision it was built from, if known.
    ///   - controlToken: Accepted as admin besides the tokens in the store: `fr_` and at least 32 random characters.
    ///   - isProbeOnly: Whether it answers probes and numbers only, as a worker does.
    ///   - usesLane: Whether the fast lane answers; without it the router answers everything, the same.
    ///   - idleTimeout: How long a connection may stand without a whole request or answer.
    ///   - onBound: Called with the base URL once requests are answered; port 0 has become the real one.
    /// - Returns: A service whose `run()` serves until the group shuts down.
    public static func make(
        service: any MirrorService, configuration: Configuration, logger: Logger, clock: any FreshetClock,
        version: String, commit: String? = nil, controlToken: String? = nil, isProbeOnly: Bool = false,
        usesLane: Bool = true,
        idleTimeout: Duration = .seconds(75),
        onBound: @escaping @Sendable (String) async -> Void = { _ in }
    ) -> some Service {
        FreshetServer(
            service: service, configuration: configuration.server, build: BuildInfo(version: version, commit: commit),
            controlToken: controlToken, usesLane: usesLane && !isProbeOnly, isProbeOnly: isProbeOnly,
            idleTimeout: idleTimeout, logger: logger, clock: clock,
            onBound: onBound)
    }

    /// Listens and serves until shut down.
    ///
    /// - Throws: When the address cannot be bound or the store does not give the tokens.
    public func run() async throws {
        let tokens = TokenService(
            store: service.store, readsNeedToken: configuration.readsNeedToken, clock: clock,
            controlToken: controlToken)
        try await tokens.reload()
        let threads = configuration.threads > 0 ? configuration.threads : System.coreCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        do {
            try await serve(on: group, tokens: tokens)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        // Connections that have just closed may still hand their last words to their loops.
        for loop in group.makeIterator() { try? await loop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get() }
        try await group.shutdownGracefully()
    }

    private func serve(on group: MultiThreadedEventLoopGroup, tokens: TokenService) async throws {
        let loops = LaneLoops(group: group) {
            LaneLoop(catalog: service.catalog, clock: clock, access: tokens, counters: $0)
        }
        let counters = RouterCounters()
        let metrics = MetricsPage(service: service, lanes: loops.counters, router: counters, build: build)
        let cold = ColdKeys(perMinute: configuration.unknownKeysPerMinute, clock: clock)
        let idle = TimeAmount.nanoseconds(idleTimeout.microseconds * 1000)
        let hub = EventHub(
            group: group, store: service.store, bell: service.eventBell, clock: clock, logger: logger,
            heartbeat: min(.seconds(15), .nanoseconds(idle.nanoseconds / 3)))
        try await hub.prepare()
        let reader = DocumentReader(service: service, cold: cold)
        let desk = HomeDesk(service: service, clock: clock)
        let table = RouteList.make(
            hub: hub, reader: reader, tokens: tokens,
            operations: OperationsRoutes(service: service, metrics: metrics, build: build),
            home: HomePage(service: service, tokens: tokens, build: build, desk: desk), build: build, logger: logger,
            isProbeOnly: isProbeOnly)
        let dispatcher = Dispatcher(table: table, tokens: tokens, clock: clock, logger: logger, counters: counters)
        let sockets = SocketTable(hub: hub, tokens: tokens, reader: reader, clock: clock)
        let (host, usesLane) = (configuration.host, usesLane)
        // Hummingbird's `Application` would stamp its own `Date` on answers; its server and request loop do not.
        let server = try HTTPServerBuilder { responder in
            ServerChannel(responder: responder, loops: loops, usesLane: usesLane, idleTimeout: idle, sockets: sockets)
        }.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(host, port: configuration.port), backlog: 4096, reuseAddress: true),
            eventLoopGroup: group, logger: logger, responder: dispatcher.respond
        ) { [onBound] channel in
            let shown = host.contains(":") ? "[\(host)]" : host
            await onBound("http://\(shown):\(channel.localAddress?.port ?? 0)")
        }
        // Streams of events have no end of their own.
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await hub.run() }
                if !isProbeOnly { group.addTask { await desk.run() } }
                defer { group.cancelAll() }
                try await server.run()
            }
        } onGracefulShutdown: { [bell = service.eventBell] in
            bell.close()
        }
    }
}
