/// Counts what arrives, exactly, and says when a rule is broken.
///
/// Pure: the time of every event is passed in.
struct TrafficLedger {
    /// One arrival, as the rules see it.
    struct Arrival {
        var key: String?
        var account = "default"
        var ip = "local"
        var path: Substring
        var endpoint: String
    }

    /// What an arrival met, and where its end is to be noted.
    struct Ticket: Sendable {
        fileprivate let generation: Int
        fileprivate let key: Int
        fileprivate let limits: [Int]
        /// The rule that refuses this request, when limits are enforced.
        let refusal: Quota?
        /// The rule with the least left.
        let tightest: Quota?
        /// Name of the key in reports.
        let keyName: String
    }

    /// How a subject stands with a rule.
    struct Quota: Sendable, Equatable {
        let limit: Int
        let remaining: Int
        let per: Duration
        let wait: Duration
    }

    private struct Key {
        let name: String
        let id: String
        var total = 0
        var log: WindowLog
        var inFlight = 0
        var maxInFlight = 0
        var statuses: [Int: Int] = [:]
    }

    private struct Endpoint {
        let name: String
        var total = 0
        var log: WindowLog
    }

    private struct Limit {
        let rule: Int
        let subject: String
        var total = 0
        var log: WindowLog
        /// Only what was let through: a refused request does not use the quota up.
        ///
        /// `nil` where nothing is refused.
        var admitted: WindowLog?
        var violations = 0
        var firstViolation: Int64?
        var rejected = 0
        var inFlight = 0
        var maxInFlight = 0
    }

    private struct LimitName: Hashable {
        let rule: Int
        let subject: String
    }

    /// Distinct keys, endpoints or subjects counted apart; all further ones are counted as one.
    private static let maxNames = 10_000

    private let rules: [LimitRule]
    private let windows: [Duration]
    private let names: [String: String]
    private let salt: UInt64
    private let enforce: Bool

    private var generation = 0
    private var total = 0
    private var log: WindowLog
    private var keys: [Key] = []
    private var keyIndex: [String: Int] = [:]
    private var unknownKeys = 0
    private var endpoints: [Endpoint] = []
    private var endpointIndex: [String: Int] = [:]
    private var limits: [Limit] = []
    private var limitIndex: [LimitName: Int] = [:]

    /// Creates an empty ledger: peaks are kept for `windows`, `names` are by secret key, and with `enforce` an arrival over
    /// a limit gets a refusal instead of only being counted.
    init(rules: [LimitRule], windows: [Duration], names: [String: String], salt: UInt64, enforce: Bool) {
        self.rules = rules
        self.windows = windows
        self.names = names
        self.salt = salt
        self.enforce = enforce
        log = WindowLog(windows: windows)
    }

    /// Forgets everything that was counted; requests in progress are no longer followed.
    mutating func reset() {
        let generation = generation + 1
        self = TrafficLedger(rules: rules, windows: windows, names: names, salt: salt, enforce: enforce)
        self.generation = generation
    }

    /// Counts one arrival; `now` is not before any earlier one.
    mutating func arrive(_ arrival: Arrival, now: Duration) -> Ticket {
        let now = now.nanosecondsClamped
        total += 1
        log.record(at: now)
        let key = keySlot(arrival.key)
        keys[key].total += 1
        keys[key].log.record(at: now)
        keys[key].inFlight += 1
        keys[key].maxInFlight = max(keys[key].maxInFlight, keys[key].inFlight)
        let endpoint = endpointSlot(arrival.endpoint)
        endpoints[endpoint].total += 1
        endpoints[endpoint].log.record(at: now)
        let (slots, refusal, tightest) = applyRules(arrival, key: keys[key].name, now: now)
        return Ticket(
            generation: generation, key: key, limits: slots, refusal: refusal, tightest: tightest,
            keyName: keys[key].name)
    }

    /// Notes the end of a request; the status is 0 when nothing was answered.
    mutating func finish(_ ticket: Ticket, status: Int) {
        guard ticket.generation == generation else { return }
        keys[ticket.key].inFlight -= 1
        keys[ticket.key].statuses[status, default: 0] += 1
        for slot in ticket.limits { limits[slot].inFlight -= 1 }
    }

    private mutating func applyRules(
        _ arrival: Arrival, key: String, now: Int64
    ) -> (slots: [Int], refusal: Quota?, tightest: Quota?) {
        guard !rules.isEmpty else { return ([], nil, nil) }
        var (slots, refusal, tightest): ([Int], Quota?, Quota?) = ([], nil, nil)
        for (index, rule) in rules.enumerated() {
            guard let subject = subject(of: rule, arrival, key: key) else { continue }
            let slot = limitSlot(LimitName(rule: index, subject: subject), rule)
            slots.append(slot)
            guard let quota = count(rule, slot: slot, now: now) else { continue }
            if quota.remaining < 0 {
                limits[slot].rejected += enforce ? 1 : 0
                if quota.wait >= refusal?.wait ?? .zero { refusal = quota }
            }
            if quota.remaining < tightest?.remaining ?? .max { tightest = quota }
        }
        if !enforce { refusal = nil }
        if enforce, refusal == nil { for slot in slots { limits[slot].admitted?.record(at: now) } }
        return (slots, refusal, tightest)
    }

    /// Counts the arrival against one rule.
    ///
    /// `remaining` is what is left after it, negative when it goes too far.
    private mutating func count(_ rule: LimitRule, slot: Int, now: Int64) -> Quota? {
        limits[slot].total += 1
        limits[slot].log.record(at: now)
        limits[slot].inFlight += 1
        limits[slot].maxInFlight = max(limits[slot].maxInFlight, limits[slot].inFlight)
        let tooMany = rule.concurrency.map { limits[slot].inFlight > $0 } ?? false
        let overCalls = rule.calls.map { limits[slot].log.count(0, at: now) > $0 } ?? false
        if tooMany || overCalls {
            limits[slot].violations += 1
            limits[slot].firstViolation = limits[slot].firstViolation ?? now
        }
        if tooMany, let allowed = rule.concurrency {
            return Quota(limit: allowed, remaining: -1, per: rule.per, wait: .zero)
        }
        guard let calls = rule.calls else { return nil }
        guard enforce else {
            let used = limits[slot].log.count(0, at: now)
            return Quota(limit: calls, remaining: calls - used, per: rule.per, wait: .zero)
        }
        let used = limits[slot].admitted?.count(0, at: now) ?? 0
        let wait = limits[slot].admitted?.wait(0, for: calls, at: now) ?? 0
        return Quota(limit: calls, remaining: calls - used - 1, per: rule.per, wait: .nanoseconds(wait))
    }

    private func subject(of rule: LimitRule, _ arrival: Arrival, key: String) -> String? {
        switch rule.scope {
        case .key: key
        case .account: arrival.account
        case .ip: arrival.ip
        case .endpoint(let pattern): pattern.matches(arrival.path) ? pattern.description : nil
        }
    }

    private mutating func keySlot(_ secret: String?) -> Int {
        let index = secret ?? ""
        if let slot = keyIndex[index] { return slot }
        let full = keys.count >= Self.maxNames
        if full, let slot = keyIndex["\0other"] { return slot }
        // Unknown keys are numbered after the configured ones, so that no two keys ever share a name.
        let isUnknown = secret.map { names[$0] == nil } ?? false
        if isUnknown, !full { unknownKeys += 1 }
        let name = full ? "other" : secret.map { names[$0] ?? "key\(names.count + unknownKeys)" } ?? "none"
        let id = secret == nil ? "none" : String(Mixer.hex(Mixer.hash(index, seed: salt)).prefix(8))
        keys.append(Key(name: name, id: id, log: WindowLog(windows: windows)))
        keyIndex[full ? "\0other" : index] = keys.count - 1
        return keys.count - 1
    }

    private mutating func endpointSlot(_ name: String) -> Int {
        if let slot = endpointIndex[name] { return slot }
        let name = endpoints.count >= Self.maxNames ? "other" : name
        if let slot = endpointIndex[name] { return slot }
        endpoints.append(Endpoint(name: name, log: WindowLog(windows: windows)))
        endpointIndex[name] = endpoints.count - 1
        return endpoints.count - 1
    }

    private mutating func limitSlot(_ name: LimitName, _ rule: LimitRule) -> Int {
        if let slot = limitIndex[name] { return slot }
        let name = limits.count >= Self.maxNames ? LimitName(rule: name.rule, subject: "other") : name
        if let slot = limitIndex[name] { return slot }
        let log = WindowLog(windows: [rule.per])
        limits.append(Limit(rule: name.rule, subject: name.subject, log: log, admitted: enforce ? log : nil))
        limitIndex[name] = limits.count - 1
        return limits.count - 1
    }

    /// What was counted so far; `firstViolation` counts from `origin`.
    func report(origin: Duration, connections: Int, openConnections: Int) -> TrafficReport {
        TrafficReport(
            total: total, peaks: peaks(log),
            keys: keys.map {
                .init(
                    name: $0.name, id: $0.id, total: $0.total, peaks: peaks($0.log), inFlight: $0.inFlight,
                    maxInFlight: $0.maxInFlight, statuses: $0.statuses)
            },
            endpoints: endpoints.map { .init(name: $0.name, total: $0.total, peaks: peaks($0.log)) },
            limits: limits.map { limit in
                .init(
                    rule: rules[limit.rule].text, subject: limit.subject, total: limit.total,
                    maxInWindow: limit.log.maxima[0], violations: limit.violations,
                    firstViolation: limit.firstViolation.map { .nanoseconds($0) - origin }, rejected: limit.rejected,
                    maxInFlight: limit.maxInFlight, isExact: limit.log.isExact)
            },
            connections: connections, openConnections: openConnections)
    }

    private func peaks(_ log: WindowLog) -> [TrafficReport.Peak] {
        zip(windows, log.maxima).map { .init(window: $0, calls: $1) }
    }
}
