public import FreshetCore

/// How fresh a dataset with adaptive refreshing was when it was read, since the start of this process.
public struct DatasetFreshness: Sendable {
    /// The dataset.
    public var id: DatasetID
    /// How old it may be when it is read; `nil` declares nothing, or leaves it to the classes.
    public var target: Duration?
    /// The share of reads that should find the target kept.
    public var targetShare: Double
    /// What a call must save now, in reader-seconds; 0 when calls are not scarce.
    public var price: Double
    /// What was measured, by strategy.
    public var strategies: [(name: String, meter: FreshnessMeter)]

    /// Creates a record.
    public init(
        id: DatasetID, target: Duration?, targetShare: Double, price: Double,
        strategies: [(name: String, meter: FreshnessMeter)]
    ) {
        self.id = id
        self.target = target
        self.targetShare = targetShare
        self.price = price
        self.strategies = strategies
    }

    /// All strategies together.
    public var total: FreshnessMeter { strategies.reduce(into: FreshnessMeter()) { $0.add($1.meter) } }

    /// A sentence when fewer of the reads of late than declared found the target kept; `nil` when all is well or too few were read.
    public var alarm: String? {
        guard let share = total.recentShare, share < targetShare else { return nil }
        let found = Int((share * 100).rounded(.down))
        let wanted = Int((targetShare * 100).rounded())
        let aim = target.map { " of \(Period($0))" } ?? ""
        return "\(found) % of the reads of the last half hour were within the target\(aim), fewer than \(wanted) %"
    }
}
