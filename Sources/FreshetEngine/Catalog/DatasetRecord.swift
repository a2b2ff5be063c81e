public import FreshetCore
import Synchronization

/// Why the documents of a source cannot be refreshed right now.
public struct SourceCondition: Sendable, Hashable {
    /// A short stable word for `stale_reason`: `maintenance`, `breaker-open`, `keys-parked`, `quota`, `stopped`.
    public var reason: String
    /// When it is expected to end; refreshes are not due before.
    public var until: Timestamp?

    /// Creates a condition.
    public init(reason: String, until: Timestamp? = nil) { (self.reason, self.until) = (reason, until) }
}

/// A source as the read side sees it; one object per source.
public final class SourceRecord: Sendable {
    /// The declaration.
    public let config: SourceConfig
    private let state = Mutex<SourceCondition?>(nil)

    init(config: SourceConfig) { self.config = config }

    /// Why its documents cannot be refreshed right now; `nil` when they can.
    public var condition: SourceCondition? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// A dataset as the read side sees it; one object per dataset, shared by its documents.
public final class DatasetRecord: Sendable {
    /// The declaration.
    public let config: DatasetConfig
    /// Its source.
    public let source: SourceRecord
    /// `max_age` in whole seconds, at least 0.
    public let maxAgeSeconds: Int64
    let number: Int

    init(config: DatasetConfig, source: SourceRecord, number: Int) {
        self.config = config
        self.source = source
        self.number = number
        maxAgeSeconds = max(0, config.maxAge.components.seconds)
    }
}
