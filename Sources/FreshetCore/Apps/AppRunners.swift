import Synchronization

/// What the apps of a process keep in memory and do by themselves, by the names of the apps.
public final class AppRunners: Sendable {
    private let kept = Mutex<[String: any AppRunner]>([:])

    /// Creates an empty set.
    public init() {}

    /// The runner of an app; `nil` when it has none, or before ``start(_:with:)``.
    public subscript(name: String) -> (any AppRunner)? { kept.withLock { $0[name] } }

    /// Makes and prepares the runner of each app that has one.
    ///
    /// - Parameters:
    ///   - apps: The apps that are on.
    ///   - services: What the engine offers to them.
    /// - Returns: The runners, in the order of the apps.
    /// - Throws: What a runner throws while it prepares.
    public func start(_ apps: [any App], with services: AppServices) async throws -> [any AppRunner] {
        var started: [any AppRunner] = []
        for app in apps {
            guard let runner = app.runner(services) else { continue }
            try await runner.prepare()
            kept.withLock { $0[type(of: app).name] = runner }
            started.append(runner)
        }
        return started
    }
}
