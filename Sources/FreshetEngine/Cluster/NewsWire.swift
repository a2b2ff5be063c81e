public import FreshetCore
import Synchronization

/// Carries rings between the processes of a deployment.
public protocol NewsWire: Sendable {
    /// Whether rings arrive at present, as far as is known; without it everybody looks often.
    var isLive: Bool { get }

    /// Tells every process, this one included; never waits and never fails.
    func ring(_ news: News)

    /// The rings from now on.
    func rings() -> AsyncStream<News>
}

/// No wire: everybody looks by itself.
public struct SilentWire: NewsWire {
    /// Creates it.
    public init() {}

    /// Never.
    public var isLive: Bool { false }

    /// Nobody hears it.
    public func ring(_ news: News) {}

    /// None.
    public func rings() -> AsyncStream<News> { AsyncStream { $0.finish() } }
}

/// The wire of a coordinator, live while its line is.
struct CoordinatorWire: NewsWire {
    let coordinator: any Coordinator
    let isUp: @Sendable () -> Bool

    var isLive: Bool { isUp() }

    func ring(_ news: News) { coordinator.ring(news) }

    func rings() -> AsyncStream<News> { coordinator.rings() }
}
