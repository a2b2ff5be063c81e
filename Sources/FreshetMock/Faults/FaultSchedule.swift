/// Decides which faults strike a request.
///
/// Pure: time is passed in, chance is seeded.
struct FaultSchedule {
    private struct Active {
        let spec: FaultSpec
        let setAt: Duration
        var matched = 0
        var fired = 0
    }

    private var faults: [Active] = []
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Whether there is nothing to decide: the fast path.
    var isEmpty: Bool { faults.isEmpty }

    /// Replaces all faults; their counts begin anew.
    mutating func replace(with specs: [FaultSpec], now: Duration) {
        faults = specs.map { Active(spec: $0, setAt: now) }
    }

    /// The faults with how many requests they matched and struck.
    var report: MockJSON {
        .array(
            faults.map {
                ["fault": .string($0.spec.text), "matched": .int($0.matched), "fired": .int($0.fired)]
            })
    }

    /// What happens to one request.
    ///
    /// Each call counts as one request.
    mutating func decide(method: String, path: Substring, key: String?, now: Duration) -> FaultPlan {
        var plan = FaultPlan()
        guard !faults.isEmpty else { return plan }
        let segments = Target.segments(path)
        for index in faults.indices {
            let spec = faults[index].spec
            let age = now - faults[index].setAt - spec.after
            guard age >= .zero, spec.lasting.map({ age < $0 }) ?? true,
                spec.method.map({ $0 == method }) ?? true, spec.key.map({ $0 == key }) ?? true,
                spec.path?.matches(segments: segments) ?? true
            else { continue }
            faults[index].matched += 1
            let number = faults[index].matched - spec.skip
            guard number > 0, spec.first.map({ number <= $0 }) ?? true, spec.every.map({ number % $0 == 0 }) ?? true,
                spec.count.map({ faults[index].fired < $0 }) ?? true,
                spec.rate >= 1 || Double.random(in: 0..<1, using: &random) < spec.rate
            else { continue }
            faults[index].fired += 1
            plan.add(spec, random: &random)
        }
        return plan
    }
}

/// The faults that strike one request, put together.
struct FaultPlan: Sendable {
    /// Sum of all latencies.
    private(set) var delay: Duration = .zero
    /// What is sent instead of the handler's answer; the first fault of this kind wins.
    private(set) var terminal: FaultKind?
    /// Changes to the handler's answer, in order.
    private(set) var transforms: [FaultKind] = []
    /// How the answer is sent.
    private(set) var delivery: [FaultKind] = []
    /// The fault texts, for the request log.
    private(set) var names: [String] = []
    /// Chance for the making of bodies.
    private(set) var seed: UInt64 = 0

    var isEmpty: Bool { names.isEmpty }

    mutating func add(_ spec: FaultSpec, random: inout SeededRandom) {
        names.append(spec.text)
        seed = random.next()
        switch (spec.kind.stage, spec.kind) {
        case (_, .latency(let range)):
            let spread = (range.upperBound - range.lowerBound).nanosecondsClamped
            let extra = spread > 0 ? Int64.random(in: 0...spread, using: &random) : 0
            delay += range.lowerBound + .nanoseconds(extra)
        case (.transform, let kind): transforms.append(kind)
        case (.delivery, let kind): delivery.append(kind)
        case (_, let kind): if terminal == nil { terminal = kind }
        }
    }
}
