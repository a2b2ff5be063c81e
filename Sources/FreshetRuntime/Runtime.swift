public import FreshetCore
public import FreshetEngine
import FreshetMemory
import FreshetSQLite
import FreshetServer
import FreshetUpstream
import Glibc
public import Logging
import ServiceLifecycle
import UnixSignals

/// A configured mirror: lock, store, upstream, engine, ready to serve or to be asked.
public struct Runtime: Sendable, CustomStringConvertible {
    /// Its name only: a field is secret.
    public var description: String { "Runtime" }
    /// What it was made from.
    public let configuration: Configuration
    /// The mirror at work.
    public let engine: Engine
    /// Where it logs to.
    public let logger: Logger
    /// Opens this process's interface to its owner's commands; made anew by each process.
    public let controlToken: String
    private let clock: any FreshetClock
    private let lock: DataDirectoryLock?
    private let upstream: HTTPUpstream

    /// Opens the store, and takes the lock of one that is for one process only; nothing runs yet.
    ///
    /// - Parameters:
    ///   - configuration: What to mirror.
    ///   - logger: Where to log to.
    ///   - role: What this process does where several share a store; alone it does everything.
    ///   - clock: Gives the time.
    /// - Returns: A mirror that is ready to serve or to be asked.
    /// - Throws: ``RuntimeError``.
    public static func open(
        _ configuration: Configuration, logger: Logger, role: ProcessRole = .all,
        clock: any FreshetClock = SystemClock()
    ) async throws(RuntimeError) -> Runtime {
        var configuration = configuration
        // Who answers no reads needs no answers in memory.
        if !role.reads { configuration.server.memory = 1 << 20 }
        var lock: DataDirectoryLock?
        let store: any Store
        var cluster: ClusterSetup?
        switch configuration.store {
        case .memory: store = MemoryStore()
        case .postgres(let connection):
            let setup = try await ClusterOpening(configuration: configuration, role: role, logger: logger, clock: clock)
                .open(connection)
            (store, cluster) = (setup.store, setup)
        case .sqlite:
            try makeDirectory(configuration.dataDirectory)
            lock = try takeLock(configuration.dataDirectory, now: clock.now())
            store = try await openSQLite(configuration.dataDirectory, logger: logger, now: clock.now())
        }
        var options = HTTPUpstream.Options()
        options.userAgent = "freshet/\(Version.text)"
        options.connectionsPerHost = configuration.sources.map(\.concurrency).max() ?? options.connectionsPerHost
        let upstream = HTTPUpstream(clock: clock, options: options)
        let engine = Engine(
            configuration: configuration, store: store, upstream: upstream, clock: clock, logger: logger,
            cluster: cluster)
        LogSetup.logReads(of: engine, configuration.logs, logger: logger)
        return Runtime(
            configuration: configuration, engine: engine, logger: logger, controlToken: makeControlToken(),
            clock: clock, lock: lock, upstream: upstream)
    }

    /// Serves and refreshes until SIGTERM or SIGINT, or until the task is cancelled; then finishes what is under way.
    ///
    /// - Parameters:
    ///   - working: Whether refreshes run; a private server for one command only answers.
    ///   - host: Overrides the configured address.
    ///   - port: Overrides the configured port.
    ///   - handlesSignals: Whether SIGTERM and SIGINT end it.
    ///   - onBound: Called with the base URL once requests are answered.
    /// - Throws: ``RuntimeError/bind(host:port:reason:)``, or what ended a service.
    public func serve(
        working: Bool = true, host: String? = nil, port: Int? = nil, handlesSignals: Bool = true,
        onBound: @escaping @Sendable (String) async -> Void
    ) async throws {
        var configuration = configuration
        if let host { configuration.server.host = host }
        if let port { configuration.server.port = port }
        let (lock, logger, controlToken) = (lock, logger, controlToken)
        try await engine.prepareTables()
        let runners = try await engine.runners.start(configuration.apps, with: engine.appServices)
        let webhooks = webhookService(working: working)
        let server = FreshetServer.make(
            service: engine, configuration: configuration, logger: logger, clock: clock, version: Version.text,
            controlToken: controlToken, isProbeOnly: !engine.role.reads
        ) { url in
            lock?.publish(url: url, controlToken: controlToken)
            await onBound(url)
        }
        var services: [any Service] = []
        if working {
            services.append(EngineService(engine: engine))
            services += runners.map(AppService.init) as [any Service]
            if engine.role.works {
                services +=
                    try DestinationService.all(
                        configuration, store: engine.store, duties: engine.duties, clock: clock, logger: logger)
                    as [any Service]
                if let directory = configuration.queue.backupDirectory {
                    services.append(
                        BackupService(
                            backups: QueueBackups(
                                directory: directory, configuration: configuration.queue, clock: clock),
                            engine: engine, logger: logger))
                }
            }
        }
        if let webhooks { services.append(webhooks) }
        services.append(server)
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(20)
        let result: Result<Void, any Error>
        do {
            try await ServiceGroup(configuration: group).run()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await close()
        try result.get()
    }

    /// What sends to the webhooks, known to the engine also where it does not run.
    private func webhookService(working: Bool) -> WebhookService? {
        guard !configuration.webhooks.isEmpty else { return nil }
        let webhooks = WebhookService.make(
            configuration, store: engine.store, clock: clock, bell: engine.eventBell, metrics: engine.metrics,
            logger: logger)
        engine.attach(webhooks)
        guard working, engine.role.works else { return nil }
        let engine = engine
        return WebhookService(webhooks: webhooks) { work in await engine.duties.whileHeld("webhooks", work) }
    }

    /// Closes store and connections and gives up the lock.
    public func close() async {
        await upstream.close()
        await engine.store.close()
        lock?.release()
    }

    /// Who works on the data directory of a configuration, if anyone does.
    public static func holder(of configuration: Configuration) -> (pid: Int32, url: String?, token: String?)? {
        guard configuration.store == .sqlite else { return nil }
        return DataDirectoryLock.holder(directory: configuration.dataDirectory).map {
            ($0.pid, $0.url, $0.controlToken)
        }
    }

    /// Runs `body` against a server on a free loopback port that works on the data directory only meanwhile.
    ///
    /// `working`: whether refreshes run.
    /// - Throws: ``RuntimeError``, or what `body` throws.
    public static func withPrivateServer<Result: Sendable>(
        _ configuration: Configuration, working: Bool,
        _ body: @Sendable @escaping (_ url: String, _ token: String) async throws -> Result
    ) async throws -> Result {
        var quiet = configuration.logs
        quiet.level = "critical"
        quiet.file = nil
        var configuration = configuration
        configuration.server.readsNeedToken = false
        let runtime = try await open(configuration, logger: LogSetup.logger(quiet).logger)
        let (bound, continuation) = AsyncStream<String>.makeStream()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await runtime.serve(working: working, host: "127.0.0.1", port: 0, handlesSignals: false) {
                    continuation.yield($0)
                }
                return nil
            }
            group.addTask {
                for await url in bound { return try await body(url, runtime.controlToken) }
                return nil
            }
            var found: Result?
            while let next = try await group.next() {
                if let next {
                    found = next
                    group.cancelAll()
                }
            }
            guard let found else { throw CancellationError() }
            return found
        }
    }

    // MARK: Opening

    private static func makeControlToken() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return "fr_" + String((0..<48).compactMap { _ in letters.randomElement() })
    }

    private static func makeDirectory(_ path: String) throws(RuntimeError) {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/" + part
            if mkdir(partial, 0o750) != 0, errno != EEXIST {
                throw .directory(path, reason: String(cString: strerror(errno)))
            }
        }
        if access(path, W_OK | X_OK) != 0 { throw .directory(path, reason: String(cString: strerror(errno))) }
    }

    private static func takeLock(_ directory: String, now: Timestamp) throws(RuntimeError) -> DataDirectoryLock {
        do {
            return try DataDirectoryLock.acquire(directory: directory, now: now)
        } catch {
            throw .held(directory: directory, by: "\(error)")
        }
    }

    private static func openSQLite(
        _ directory: String, logger: Logger, now: Timestamp
    ) async throws(RuntimeError) -> any Store {
        do {
            let store = try await SQLiteStore.open(directory: directory, now: now)
            report(store, logger: logger)
            return store
        } catch {
            throw .store("\(error)")
        }
    }

    /// Says what opening found, and looks closer at a large file after a crash while it is already in use.
    private static func report(_ store: SQLiteStore, logger: Logger) {
        let report = store.report
        if let aside = report.setAside { logger.error("\(aside)") }
        if !report.migrations.isEmpty {
            logger.notice("the store was brought up to date: \(report.migrations.joined(separator: ", "))")
        }
        guard report.wasUnclean, !report.wasChecked else { return }
        // Unstructured: it only reads, and reports; nobody waits for it.
        Task {
            do {
                for problem in try await store.verify().problems { logger.error("the store is damaged: \(problem)") }
            } catch {
                logger.warning("the store could not be checked after the crash: \(error)")
            }
        }
    }
}

/// Runs what an app does by itself until graceful shutdown.
struct AppService: Service, CustomStringConvertible {
    let runner: any AppRunner
    var description: String { "App" }

    init(_ runner: any AppRunner) { self.runner = runner }

    func run() async throws {
        let runner = runner
        await cancelWhenGracefulShutdown {
            await runner.run()
            // A group ends with the first of its services.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
        }
    }
}

/// Runs the engine until graceful shutdown.
struct EngineService: Service, CustomStringConvertible {
    let engine: Engine
    var description: String { "Engine" }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await engine.run()
        } onGracefulShutdown: {
            engine.stop()
        }
    }
}
