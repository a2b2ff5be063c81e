import FreshetCore

/// Decides where this process may lease jobs now: in the line, in the store, or nowhere; pure.
///
/// All processes read the place that was agreed about once a second. Whoever loses the line switches the place to the store for
/// everybody. What was read counts for ``trust``; so ``grace`` after a switch nobody leases by what stood before it, and what runs from
/// before was claimed. Only then does anybody lease by what stands now. Times are monotonic where nothing else is said.
struct QueueMode: Sendable {
    /// How long what was read of the place counts.
    static let trust = Duration.seconds(2)
    /// How long nobody leases in the store after the place became the store.
    static let grace = Duration.milliseconds(2500)
    /// How long nobody leases in the line after the queue moved there: until nobody leases in the store any more, and what ended
    /// there meanwhile was taken out of the line.
    static let lineGrace = Duration.milliseconds(3500)
    /// How long the line must have answered before it is brought back.
    static let healthyFor = Duration.seconds(3)
    /// How old a switch must be by the wall clock for a process that has just started to count it as long past.
    static let longPast = Duration.seconds(60)

    /// Where jobs are leased.
    enum Leasing: Sendable, Hashable {
        /// In the line of this epoch.
        case line(epoch: String)
        /// In the store.
        case store
        /// Nowhere for now.
        case nowhere(because: String)
    }

    /// What follows from a look at the place.
    enum Change: Sendable, Hashable {
        /// Nothing changed.
        case none
        /// The queue is in the store now: running leases of the line have to be claimed there.
        case store
        /// The queue is in a line: it has to be followed.
        case line(epoch: String)
    }

    private(set) var place: QueuePlace?
    private var readAt: Duration?
    private var graceEnds = Duration.zero
    private var healthySince: Duration?
    /// The epoch of a line that this process cannot work with.
    private(set) var lostEpoch: String?

    /// Notes what the store says about the place.
    ///
    /// - Parameters:
    ///   - found: What it says; `nil` when it says nothing yet, which is the store.
    ///   - begun: When the question was asked: what it says may be as old as that.
    ///   - now: When the answer came: the switch that it tells of may be as young as that.
    ///   - wall: The wall clock.
    /// - Returns: What follows.
    mutating func read(_ found: QueuePlace?, begun: Duration, now: Duration, wall: Timestamp) -> Change {
        let new = found ?? .store(since: Timestamp(microseconds: 0))
        readAt = max(readAt ?? begun, begun)
        guard new != place else { return .none }
        let isFirst = place == nil
        place = new
        let isLongPast = isFirst && wall - new.since > QueueMode.longPast
        healthySince = nil
        switch new {
        case .store:
            graceEnds = isLongPast ? now : now + QueueMode.grace
            return .store
        case .line(let epoch, _):
            graceEnds = isLongPast ? now : now + QueueMode.lineGrace
            if lostEpoch != epoch { lostEpoch = nil }
            return .line(epoch: epoch)
        }
    }

    /// The line of an epoch cannot be worked with from here: nobody can know what it still holds.
    mutating func lost(epoch: String) {
        if place?.epoch == epoch { lostEpoch = epoch }
    }

    /// Whether the place has to be switched to the store for everybody.
    var wantsStore: Bool { lostEpoch != nil && lostEpoch == place?.epoch }

    /// The line has answered, or has not.
    mutating func answered(_ answered: Bool, now: Duration) {
        healthySince = answered ? healthySince ?? now : nil
    }

    /// Whether the line may be begun anew: the queue is in the store for long enough, and the line answers reliably.
    func mayBegin(now: Duration) -> Bool {
        guard case .store? = place, now >= graceEnds, let healthySince else { return false }
        return now - healthySince >= QueueMode.healthyFor
    }

    /// Where this process may lease jobs.
    func leasing(now: Duration) -> Leasing {
        guard let place, let readAt else { return .nowhere(because: "where the queue is, is not known yet") }
        guard now - readAt < QueueMode.trust else {
            return .nowhere(because: "the store does not say where the queue is")
        }
        switch place {
        case .line(let epoch, _):
            if epoch == lostEpoch { return .nowhere(because: "the line of jobs cannot be reached") }
            return now < graceEnds ? .nowhere(because: "the queue moves to the line") : .line(epoch: epoch)
        case .store:
            return now < graceEnds ? .nowhere(because: "the queue moves to the store") : .store
        }
    }

    /// When the calls that were counted in another place are known here: nobody takes a slot of a short window before.
    var countsFrom: Duration { graceEnds }
}
