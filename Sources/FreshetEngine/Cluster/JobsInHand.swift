import FreshetCore

/// Jobs that a dispatcher has leased and that wait for a slot of the limits that all processes share; pure.
///
/// At most one of each priority: while one waits, only something more urgent is leased besides. When the wait gets long, all are
/// given back unharmed, and nothing as little urgent is leased until it is over.
struct JobsInHand: Sendable {
    /// A wait longer than this is not waited out with a job in hand.
    static let longestWait = Duration.seconds(2)
    /// How often to look for something more urgent although nobody called.
    static let lookInterval = Duration.milliseconds(250)

    struct Item: Sendable {
        var lease: LeasedJob
        var aged: Bool
        var retryAt: Duration
    }

    private(set) var items: [Item] = []
    private var pause: (priority: Priority, until: Duration)?
    private var lookedAt: Duration?

    var isEmpty: Bool { items.isEmpty }

    /// Takes a job in hand.
    mutating func take(_ lease: LeasedJob, aged: Bool) {
        let place = items.firstIndex { $0.lease.job.priority > lease.job.priority } ?? items.endIndex
        items.insert(Item(lease: lease, aged: aged, retryAt: .zero), at: place)
    }

    /// The most urgent job, when it may ask for its slot now.
    func due(now: Duration) -> Item? { items.first.flatMap { $0.retryAt <= now ? $0 : nil } }

    /// The most urgent job has its slot.
    mutating func started() { if !items.isEmpty { items.removeFirst() } }

    /// The most urgent job has to wait.
    ///
    /// - Returns: The jobs to give back, because the wait is long.
    mutating func waits(_ span: Duration, now: Duration) -> [LeasedJob] {
        guard let first = items.first else { return [] }
        guard span > JobsInHand.longestWait else {
            for index in items.indices { items[index].retryAt = max(items[index].retryAt, now + span) }
            return []
        }
        pause = (first.lease.job.priority, now + span)
        defer { items = [] }
        return items.map(\.lease)
    }

    /// The least urgent priority that may be leased now; `nil` when none may.
    ///
    /// `wasCalled`: whether jobs were added since the last look.
    mutating func mayLease(now: Duration, wasCalled: Bool) -> Priority? {
        if let pause, pause.until <= now { self.pause = nil }
        let bound = [items.first?.lease.job.priority, pause?.priority].compactMap { $0 }.min()
        guard let bound else { return .low }
        guard wasCalled || lookedAt.map({ now - $0 >= JobsInHand.lookInterval }) ?? true else { return nil }
        lookedAt = now
        return Priority.allCases.filter { $0 < bound }.max()
    }

    /// When the first of them asks again, or a pause ends; `nil` when nothing waits.
    func next(now: Duration) -> Duration? {
        let look = items.first?.lease.job.priority == .critical ? nil : now + JobsInHand.lookInterval
        return [items.first?.retryAt, pause?.until, items.isEmpty && pause == nil ? nil : look].compactMap { $0 }.min()
    }
}
