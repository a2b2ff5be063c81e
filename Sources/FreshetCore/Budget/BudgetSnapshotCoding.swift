extension BudgetSnapshot {
    private static let magic: [UInt8] = [0x46, 0x42, 0x53, 1]  // "FBS", version 1

    /// The snapshot in a compact binary form with a checksum; a few hundred bytes a counter at most.
    public func encode() -> [UInt8] {
        var out = BudgetWriter(bytes: BudgetSnapshot.magic)
        out.unsigned(token)
        out.text(bootID)
        out.signed(taken)
        out.signed(wall.microseconds)
        out.unsigned(isClean ? 1 : 0)
        out.list(counters) { encode($1, into: &$0) }
        out.list(holds) { out, hold in
            out.unsigned(UInt64(hold.owner.rawValue))
            out.text(hold.name)
            out.signed(hold.until - taken)
            out.list(hold.quotas) { out, quota in
                out.text(quota.name)
                out.signed(Int64(quota.limit ?? -1))
                out.signed(Int64(quota.remaining))
                out.signed(quota.resetsAt - taken)
            }
        }
        out.list(parks) { out, park in
            out.text(park.keyID)
            out.signed(park.until - taken)
            out.text(park.reason)
        }
        encodeGate(into: &out)
        // Left out when there is none, so that an earlier version can read it.
        if !learned.isEmpty {
            out.list(learned) { out, window in
                out.unsigned(UInt64(window.owner.rawValue))
                out.text(window.name)
                out.text(window.policy)
                out.unsigned(UInt64(max(1, window.calls)))
                out.signed(window.heardAt - taken)
                out.list(window.places) { $0.text($1) }
                encode(window.counter, into: &out)
            }
        }
        return out.sealed()
    }

    private func encode(_ counter: Counter, into out: inout BudgetWriter) {
        out.text(counter.scope.rawValue)
        out.text(counter.member)
        out.list(counter.filter) { $0.text($1) }
        out.signed(counter.per)
        out.signed(counter.due - taken)
        out.unsigned(UInt64(max(0, counter.inFlight)))
        out.unsigned(UInt64(max(0, counter.reserved)))
        var previous = taken
        out.list(counter.entries) { out, entry in
            out.signed(entry.last - previous)
            out.unsigned(UInt64(entry.count))
            previous = entry.last
        }
    }

    private func encodeGate(into out: inout BudgetWriter) {
        switch gate {
        case .passing: out.unsigned(0)
        case .broken(let since, let next, let text):
            out.unsigned(1)
            out.signed(since - taken)
            out.signed(next - taken)
            out.text(text)
        case .maintenance(let since, let next, let text):
            out.unsigned(2)
            out.signed(since - taken)
            out.signed(next - taken)
            out.text(text)
        case .stopped(let until, let text):
            out.unsigned(3)
            out.signed(until - taken)
            out.text(text)
        }
    }

    /// Reads what ``encode()`` wrote; `nil` when it is truncated, damaged or of another version.
    public init?(decoding bytes: [UInt8]) {
        guard var input = BudgetReader(sealed: bytes, magic: BudgetSnapshot.magic) else { return nil }
        guard let token = input.unsigned(), let bootID = input.text(), let taken = input.signed(),
            abs(taken) <= Ticks.never, let wall = input.signed(), let clean = input.unsigned(), clean <= 1
        else { return nil }
        self.init(
            token: token, bootID: bootID, taken: taken, wall: Timestamp(microseconds: wall), isClean: clean == 1)
        guard let counters = input.list({ BudgetSnapshot.counter(from: &$0, taken: taken) }),
            let holds = input.list({ BudgetSnapshot.hold(from: &$0, taken: taken) }),
            let parks = input.list({ input -> Park? in
                guard let id = input.text(), let until = input.moment(taken), let why = input.text() else { return nil }
                return Park(keyID: id, until: until, reason: why)
            }), let gate = BudgetSnapshot.gate(from: &input, taken: taken)
        else { return nil }
        (self.counters, self.holds, self.parks, self.gate) = (counters, holds, parks, gate)
        if input.isAtEnd { return }
        guard let learned = input.list({ BudgetSnapshot.learned(from: &$0, taken: taken) }), input.isAtEnd else {
            return nil
        }
        self.learned = learned
    }

    private static func counter(from input: inout BudgetReader, taken: Ticks) -> Counter? {
        guard let scope = input.text().flatMap({ LimitConfig.Scope(rawValue: $0) }), let member = input.text(),
            let filter = input.list({ $0.text() }), let per = input.signed(), per > 0, per <= Ticks.never,
            let due = input.moment(taken), let inFlight = input.count(), let reserved = input.count()
        else { return nil }
        var previous = taken
        let entries = input.list { input -> SlidingLog.Entry? in
            guard let last = input.moment(previous), let count = input.count() else { return nil }
            previous = last
            return SlidingLog.Entry(opened: last, last: last, count: count)
        }
        guard let entries else { return nil }
        return Counter(
            scope: scope, member: member, filter: filter, per: per, entries: entries, inFlight: inFlight,
            reserved: reserved, due: due)
    }

    private static func learned(from input: inout BudgetReader, taken: Ticks) -> Learned? {
        guard let owner = input.unsigned().flatMap({ UInt8(exactly: $0) }).flatMap({ Hold.Owner(rawValue: $0) }),
            let name = input.text(), let policy = input.text(), let calls = input.count(), calls > 0,
            let heardAt = input.moment(taken), let places = input.list({ $0.text() }),
            let counter = counter(from: &input, taken: taken)
        else { return nil }
        return Learned(
            owner: owner, name: name, policy: policy, calls: calls, heardAt: heardAt, places: places, counter: counter)
    }

    private static func hold(from input: inout BudgetReader, taken: Ticks) -> Hold? {
        guard let owner = input.unsigned().flatMap({ UInt8(exactly: $0) }).flatMap({ Hold.Owner(rawValue: $0) }),
            let name = input.text(), let until = input.moment(taken)
        else { return nil }
        let quotas = input.list { input -> LearnedQuota? in
            guard let name = input.text(), let limit = input.signed(), let left = input.signed(),
                abs(left) <= Int64(Int32.max), abs(limit) <= Ticks.never, let resets = input.moment(taken)
            else { return nil }
            return LearnedQuota(
                name: name, limit: limit < 0 ? nil : Int(limit), remaining: Int(left), resetsAt: resets)
        }
        return quotas.map { Hold(owner: owner, name: name, until: until, quotas: $0) }
    }

    private static func gate(from input: inout BudgetReader, taken: Ticks) -> SourceGate.State? {
        guard let kind = input.unsigned() else { return nil }
        if kind == 0 { return .passing(failures: 0) }
        guard let first = input.moment(taken) else { return nil }
        if kind == 3 { return input.text().map { .stopped(until: first, reason: $0) } }
        guard let next = input.moment(taken), let text = input.text() else { return nil }
        switch kind {
        case 1: return .broken(since: first, nextProbe: next, lastError: text)
        case 2: return .maintenance(since: first, nextProbe: next, message: text)
        default: return nil
        }
    }
}
