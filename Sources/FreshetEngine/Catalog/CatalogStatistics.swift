/// What the catalog holds and how it did.
public struct CatalogStatistics: Sendable, Hashable {
    /// Documents held.
    public var entries = 0
    /// Bytes held: bodies, compressed forms, and an estimate of the rest.
    public var bytes = 0
    /// The bound on ``bytes``.
    public var limit = 0
    /// Request targets that the fast lane knows.
    public var paths = 0
    /// Reads answered from memory.
    public var hits = 0
    /// Lookups by address that found nothing.
    public var misses = 0
    /// Documents that had to leave for others.
    public var evictions = 0

    /// Creates empty statistics.
    public init() {}
}
