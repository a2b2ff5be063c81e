/// One key of the pool.
struct KeySlot: Sendable {
    enum State: Sendable, Hashable {
        case active
        /// `until` is `Ticks.never` when only an operator ends it.
        case parked(until: Ticks, reason: String)
        case disabled(reason: String)
    }

    let id: String
    let account: String
    /// Where the hold of its account stands in the machine.
    let accountIndex: Int
    var state = State.active
    var hold = QuotaHold()
    var inFlight = 0
    /// The number of its latest grant, for "least recently used".
    var lastGrant: UInt64 = 0
    var granted: UInt64 = 0
    /// Refusals in a row, each parking it for longer.
    private var refusals = 0
    private var parkedAt: Ticks = -.never
    /// What upstream last accepted it for, and when.
    private var acceptedFor: DocumentID?
    private var acceptedAt: Ticks = -.never
    /// When it was last accepted for something else than that.
    private var acceptedElseAt: Ticks = -.never
    /// Documents refused with 403 since then.
    private var forbidden = 0

    /// How long a key that was accepted is taken to be good.
    static let trustedFor: Ticks = 600_000_000_000
    /// So many 403 in a row, and the key is to blame whatever it did before.
    static let forbiddenAtMost = 5

    init(id: String, account: String, accountIndex: Int) {
        (self.id, self.account, self.accountIndex) = (id, account, accountIndex)
    }

    /// How long a refused key rests when nobody says: 1 min, doubling to 1 h.
    mutating func refused(grantedAt: Ticks, wish: Ticks?, now: Ticks) -> Ticks {
        if grantedAt >= parkedAt { refusals += 1 }
        parkedAt = now
        if let wish, wish > 0 { return now + wish }
        return now + min(3_600_000_000_000, 60_000_000_000 << Ticks(min(max(refusals - 1, 0), 6)))
    }

    /// Upstream refused a document, and it is not said whether for the key's sake or the document's.
    ///
    /// - Returns: Whether the key works for others, so that it may be the document that is refused.
    mutating func refused(_ document: DocumentID?, now: Ticks) -> Bool {
        forbidden += 1
        let elsewhere = acceptedFor == document ? acceptedElseAt : acceptedAt
        return forbidden <= KeySlot.forbiddenAtMost && now - elsewhere <= KeySlot.trustedFor
    }

    mutating func accepted(for document: DocumentID?, grantedAt: Ticks, now: Ticks) {
        if document != acceptedFor { (acceptedFor, acceptedElseAt) = (document, acceptedAt) }
        (acceptedAt, forbidden) = (now, 0)
        hold.accepted(grantedAt: grantedAt)
        if grantedAt >= parkedAt { refusals = 0 }
    }

    mutating func unpark() {
        state = .active
        refusals = 0
        hold.clear()
    }
}
