/// What upstream itself says about its quota, for one key, account, dataset or the whole source.
///
/// It can only make us slower: declared limits hold besides.
struct QuotaHold: Sendable, Hashable {
    /// Nothing is sent before then.
    private(set) var until: Ticks = 0
    private var setAt: Ticks = -.never
    private var strikes = 0
    private(set) var quotas: [LearnedQuota] = []

    /// 429 without a time to return: 1 s, doubling to 60 s.
    static let firstWait: Ticks = 1_000_000_000
    static let longestWait: Ticks = 60_000_000_000

    init(until: Ticks = 0, quotas: [LearnedQuota] = []) { (self.until, self.quotas) = (until, quotas) }

    /// Upstream refused a call for quota.
    ///
    /// Calls sent before the hold began do not lengthen the back-off.
    mutating func refused(grantedAt: Ticks, retryAfter: Ticks?, now: Ticks) {
        if grantedAt >= setAt { strikes += 1 }
        let wait =
            retryAfter.flatMap { $0 > 0 ? $0 : nil }
            ?? min(QuotaHold.longestWait, QuotaHold.firstWait << Ticks(min(max(strikes - 1, 0), 6)))
        until = max(until, now + wait)
        setAt = now
    }

    /// Another process was refused: nothing is sent before then.
    mutating func hold(until time: Ticks) { until = max(until, time) }

    /// Upstream accepted a call that was sent after the hold.
    mutating func accepted(grantedAt: Ticks) {
        if grantedAt >= setAt { strikes = 0 }
    }

    /// Takes over what an answer said; `others` calls are in flight besides, and may not be counted in it.
    mutating func learn(_ quota: LearnedQuota, others: Int, now: Ticks) {
        quotas.removeAll { $0.resetsAt <= now }
        var new = quota
        if let index = quotas.firstIndex(where: { $0.name == quota.name }) {
            let old = quotas.remove(at: index)
            let sameWindow = abs(old.resetsAt - quota.resetsAt) < 2_000_000_000
            if others > 0 {
                new.remaining = max(0, quota.remaining - others)
                if sameWindow { new.remaining = min(new.remaining, old.remaining) }
            }
        } else {
            new.remaining = max(0, quota.remaining - others)
        }
        if quotas.count < 4 { quotas.append(new) }
    }

    /// A call goes out.
    mutating func spend() {
        for index in quotas.indices { quotas[index].remaining -= 1 }
    }

    /// Nothing was sent after all.
    mutating func unspend() {
        for index in quotas.indices { quotas[index].remaining += 1 }
    }

    mutating func clear() { self = QuotaHold() }

    /// When the holder may be used again; `nil` when it may be used now.
    func obstacle(_ lane: BudgetLane, reserve: Double, now: Ticks) -> Ticks? {
        var latest = until
        for quota in quotas where quota.resetsAt > now {
            let kept = lane == .background ? Int(Double(quota.limit ?? 0) * reserve) : 0
            if quota.remaining <= kept { latest = max(latest, quota.resetsAt) }
        }
        return latest > now ? latest : nil
    }
}

/// One quota that an answer's headers described.
struct LearnedQuota: Sendable, Hashable {
    var name: String
    var limit: Int?
    var remaining: Int
    var resetsAt: Ticks
}
