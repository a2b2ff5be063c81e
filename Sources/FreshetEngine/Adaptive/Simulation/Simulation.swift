public import FreshetCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A mirror in virtual time: the engine's own policy, price, budget and order of the queue against readers and documents that are made up.
///
/// What is real: ``RefreshPolicy``, ``CallPrice``, ``KeyMemory``, `BudgetMachine`, the rules of the sweep, reads that reach the policy in
/// portions, stale reads that ask for a refresh. What is made up: when documents change, when they are read, and that every call succeeds.
public struct Simulation: Sendable {
    /// What is asked of upstream: limits and keys.
    public var source: SourceConfig
    /// The dataset, with its adaptive schedule.
    public var dataset: DatasetConfig
    /// What it has to bear.
    public var load: SimulationLoad

    /// Creates a simulation of one dataset.
    public init(source: SourceConfig, dataset: DatasetConfig, load: SimulationLoad) {
        (self.source, self.dataset, self.load) = (source, dataset, load)
    }

    /// Runs it.
    ///
    /// - Parameter progress: Told now and then which share is done.
    /// - Returns: What readers saw and what it cost; `nil` when the dataset has no adaptive schedule.
    public func run(progress: (Double) -> Void = { _ in }) -> SimulationResult? {
        guard let config = dataset.refresh?.adaptive, !config.classes.isEmpty, load.keys > 0 else { return nil }
        var run = SimulationRun(simulation: self, config: config)
        return run.run(progress)
    }
}

/// One run.
///
/// Times are microseconds from the start.
struct SimulationRun {
    private let load: SimulationLoad
    private let dataset: DatasetConfig
    private let policy: RefreshPolicy
    private let strategies: [RefreshStrategy]
    private let rate: Double?
    private let begin: Int64
    private let end: Int64
    private let matches: [UInt32]

    private var machine: BudgetMachine
    private var readers: ReaderModel
    private var queue: SimulatedQueue
    private var aging = AgingTurns()
    private var price = CallPrice()
    private var habits = HourHabits()
    private var random: SimulationRandom
    private var lines: [SimulationResult.Line]
    private var plans: [BinaryHeap<(due: Int64, key: Int32)>]
    private var flights: [(ends: Int64, key: Int32, permit: BudgetPermit)] = []
    private var flightHead = 0
    private var callAt: Int64 = 0
    private var raisedAt: Int64 = 0

    // By key.
    private var memories: [KeyMemory]
    private var dues: [Int64]
    private var ranks: [UInt8]
    private var wrongSince: [Int64]
    private var group: [UInt8]
    private var strategy: [UInt8]
    private var isFlying: [Bool]
    private var unread: [Int32]
    private var lastRead: [Int64]
    private var demandedAt: [Int64]
    private var dirty: [Int32] = []

    init(simulation: Simulation, config: AdaptiveRefresh) {
        load = simulation.load
        dataset = simulation.dataset
        policy = RefreshPolicy(config)
        strategies = config.strategies.isEmpty ? [.adaptive] : config.strategies
        rate = CallPrice.rate(of: simulation.source)
        begin = load.warmUp.microseconds
        end = begin + load.length.microseconds
        matches = load.groups.map { group in
            config.classes.firstIndex { $0.name == group.kind }.map { 1 << UInt32($0) } ?? 0
        }
        machine = BudgetMachine(
            source: simulation.source, datasets: [simulation.dataset.id], restored: .fresh, bootID: "simulation",
            now: .seconds(1), wall: load.start)
        readers = ReaderModel(load)
        queue = SimulatedQueue(keys: load.keys)
        random = SimulationRandom(seed: load.seed)
        lines = strategies.map { SimulationResult.Line(strategy: $0.name) }
        plans = Priority.allCases.map { _ in BinaryHeap { $0.due < $1.due } }
        let count = load.keys
        memories = Array(repeating: KeyMemory(), count: count)
        dues = Array(repeating: .max, count: count)
        ranks = Array(repeating: 3, count: count)
        wrongSince = Array(repeating: .max, count: count)
        group = Array(repeating: 0, count: count)
        strategy = Array(repeating: 0, count: count)
        isFlying = Array(repeating: false, count: count)
        unread = Array(repeating: 0, count: count)
        lastRead = Array(repeating: 0, count: count)
        demandedAt = Array(repeating: .min, count: count)
        populate(config)
    }

    private mutating func populate(_ config: AdaptiveRefresh) {
        for key in memories.indices {
            // Which rank a key has, how it changes and which strategy it has are independent of each other.
            var place = Double(ReaderModel.mix(UInt64(key) ^ 0xA5A5_0000 ^ load.seed << 32) >> 11) / Double(1 << 53)
            for (number, kind) in load.groups.enumerated() {
                group[key] = UInt8(number)
                if place < kind.share { break }
                place -= kind.share
            }
            if !config.strategies.isEmpty {
                let name = config.strategy(of: String(key)).name
                strategy[key] = UInt8(strategies.firstIndex { $0.name == name } ?? 0)
            }
            guard !load.isEmpty else { continue }
            memories[key].matches = matches[Int(group[key])]
            let kind = policy.kind(of: memories[key], at: load.start)
            let every = (strategies[Int(strategy[key])].every ?? config.classes[kind].every).microseconds
            let age = Int64(random.unit() * Double(every))
            memories[key].checkedAt = load.start + .microseconds(-age)
            memories[key].confirmedAt = memories[key].checkedAt
            wrongSince[key] = nextChange(key, after: -age)
            plan(key, at: 0)
        }
    }

    // MARK: Time

    mutating func run(_ progress: (Double) -> Void) -> SimulationResult {
        let least = policy.config.classes.map(\.least).min() ?? .seconds(1)
        let tick = max(50_000, min(SweepRules.pause.microseconds, least.microseconds / 10))
        var (now, drained, told) = (Int64(0), Int64(0), 0)
        while now < end {
            let next = min(now + tick, end)
            advance(from: now, to: next)
            now = next
            if now - drained >= DemandLoop.recordEvery.microseconds {
                drain(at: now)
                drained = now
            }
            sweep(at: now)
            let percent = Int(now * 100 / end)
            if percent > told {
                told = percent
                progress(Double(now) / Double(end))
            }
        }
        var result = SimulationResult(lines: lines)
        (result.price, result.waiting) = (price.value, queue.count)
        return result
    }

    /// Reads, calls and answers between two sweeps, in order of time.
    private mutating func advance(from start: Int64, to limit: Int64) {
        var read = readers.read(before: limit)
        callAt = max(callAt, start)
        while true {
            let readAt = read?.at ?? .max
            let landsAt = flightHead < flights.count ? flights[flightHead].ends : .max
            let goesAt = queue.count > 0 ? callAt : .max
            let next = min(readAt, landsAt, goesAt)
            guard next < limit else { break }
            if next == landsAt {
                land(at: next)
            } else if next == readAt, let found = read {
                note(found.key, found.count, at: next)
                read = readers.read(before: limit)
            } else {
                call(at: next)
            }
        }
        // What comes later was not taken: `read(before:)` gave only what lies before the limit.
        if let read { note(read.key, read.count, at: read.at) }
        if flightHead > 4096 {
            flights.removeFirst(flightHead)
            flightHead = 0
        }
    }

    private func clock(_ time: Int64) -> Duration { .microseconds(time + 1_000_000) }
    private func wall(_ time: Int64) -> Timestamp { load.start + .microseconds(time) }

    // MARK: Calls

    private mutating func call(at now: Int64) {
        guard let head = queue.head else { return }
        let aged = aging.isDue
        for _ in 0..<4 {
            switch machine.decide(dataset: dataset.id, priority: head, aged: aged, now: clock(now)) {
            case .go(let permit):
                guard let (key, priority) = queue.take(upTo: head, aged: aged) else { return }
                aging.leased(priority)
                machine.sent(permit)
                isFlying[key] = true
                flights.append((now + load.callTime.microseconds, Int32(key), permit))
                callAt = now
                return
            case .wait(_, .reservation):
                if let snapshot = machine.reservationNeeded(now: clock(now), wall: wall(now)) {
                    machine.reservationPersisted(snapshot.token)
                }
            case .wait(let until, _):
                callAt = max(now + 1000, until.microseconds - 1_000_000)
                if callAt > now + 1_000_000 { callAt = now + 1_000_000 }
                return
            }
        }
        callAt = now + 1000
    }

    private mutating func land(at now: Int64) {
        let flight = flights[flightHead]
        flightHead += 1
        machine.headReceived(flight.permit, now: clock(now))
        machine.finish(flight.permit, .success, now: clock(now))
        callAt = min(callAt, now)
        let key = Int(flight.key)
        isFlying[key] = false
        takeReads(key)
        let moment = wall(now)
        let changed = memories[key].confirmedAt == nil || wrongSince[key] <= now
        let gap = memories[key].confirmedAt.map { moment - $0 }
        let kind = policy.kind(of: memories[key], at: moment)
        if now >= begin {
            lines[Int(strategy[key])].meter.refresh(changed ? .changed : .unchanged, gap: gap, target: target(kind))
        }
        let prior = habits.changes(prior: policy.priorRate)
        if let gap { habits.look(changed: changed, after: gap, rate: memories[key].change.rate(prior: prior)) }
        memories[key].refreshed(
            changed ? .changed : .unchanged, at: moment, prior: prior,
            matches: matches[Int(group[key])])
        wrongSince[key] = nextChange(key, after: now)
        demandedAt[key] = .min
        plan(key, at: now)
    }

    private mutating func nextChange(_ key: Int, after time: Int64) -> Int64 {
        if let known = load.changes {
            let moments = key < known.count ? known[key] : []
            var (low, high) = (0, moments.count)
            while low < high {
                let middle = (low + high) / 2
                if moments[middle] > time { high = middle } else { low = middle + 1 }
            }
            return low < moments.count ? moments[low] : .max
        }
        let mean = Double(load.groups[Int(group[key])].changes.microseconds)
        return time + Int64(-log(1 - random.unit()) * mean)
    }

    // MARK: Reads

    private func target(_ kind: Int) -> Duration? { policy.config.classes[kind].target ?? policy.config.target }

    private mutating func note(_ key: Int, _ count: Int, at now: Int64) {
        let moment = wall(now)
        if unread[key] == 0 { dirty.append(Int32(key)) }
        unread[key] += Int32(count)
        lastRead[key] = now
        habits.read(count, at: moment)
        guard let confirmed = memories[key].confirmedAt else {
            // Never fetched: the reader is told so, and a critical refresh waits.
            if !isFlying[key] { queue.add(key, .critical, heat: Int(unread[key])) }
            return
        }
        let age = moment - confirmed
        if now >= begin {
            let place = Int(strategy[key])
            let target = target(policy.kind(of: memories[key], at: moment))
            lines[place].meter.read(age: age.inSeconds, count: count, target: target, at: moment)
            let late = max(0, now - wrongSince[key])
            lines[place].behind.read(age: Double(late) / 1e6, count: count, target: nil, at: moment)
            if late > 0 { lines[place].wrong += count }
        }
        if age >= dataset.maxAge { demand(key, at: now) }
    }

    /// A stale read asks for a refresh, as often as the catalog would pass that on.
    private mutating func demand(_ key: Int, at now: Int64) {
        guard !isFlying[key], demandedAt[key] == .min || now - demandedAt[key] >= Catalog.demandInterval.microseconds
        else { return }
        demandedAt[key] = now
        guard price.value > 0, strategies[Int(strategy[key])].kind == .adaptive else {
            return queue.add(key, dataset.priority, heat: Int(unread[key]))
        }
        takeReads(key)
        switch review(key, at: now, price: price.value) {
        case .refresh(let priority, let heat): queue.add(key, priority, heat: heat)
        case .later(let decision): set(decision, key)
        }
    }

    private mutating func takeReads(_ key: Int) {
        guard unread[key] > 0 else { return }
        memories[key].demand.read(Int(unread[key]), at: wall(lastRead[key]))
        unread[key] = 0
    }

    private mutating func drain(at now: Int64) {
        for key in dirty.map(Int.init) where unread[key] > 0 {
            takeReads(key)
            // What has come due keeps its place.
            if !queue.contains(key), !isFlying[key], dues[key] > now { plan(key, at: now) }
        }
        dirty.removeAll(keepingCapacity: true)
    }

    // MARK: Plans

    private func decide(_ key: Int, at now: Int64) -> RefreshPolicy.Decision {
        policy.decide(
            memories[key], strategy: strategies[Int(strategy[key])], now: wall(now), price: price.value, habits: habits)
    }

    private func review(_ key: Int, at now: Int64, price: Double) -> RefreshPolicy.Review {
        policy.review(
            memories[key], strategy: strategies[Int(strategy[key])], now: wall(now), price: price, habits: habits)
    }

    private mutating func plan(_ key: Int, at now: Int64) { set(decide(key, at: now), key) }

    private mutating func set(_ decision: RefreshPolicy.Decision, _ key: Int) {
        let due = (decision.due - load.start).microseconds
        guard due != dues[key] || ranks[key] != UInt8(decision.priority.rawValue) else { return }
        dues[key] = due
        ranks[key] = UInt8(decision.priority.rawValue)
        if decision.due < RefreshPolicy.never { plans[decision.priority.rawValue].push((due, Int32(key))) }
    }

    private mutating func sweep(at now: Int64) {
        let room = SweepRules.room(rate: rate)
        let isFull = SweepRules.isFull(ready: queue.count, room: room)
        if now - raisedAt >= SweepRules.raiseEvery.microseconds { raiseWaiting(at: now) }
        let before = queue.count
        let limit = SweepRules.portion(ready: before, room: room)
        let due = look(by: now, at: now, limit: limit, price: price.value)
        let hadRoom = enqueue(due.going, room: room, onlyUrgent: isFull)
        let line = SweepRules.line(
            waiting: before + hadRoom, outside: max(0, due.going.count - max(0, room - before)),
            isCut: due.looked >= limit, rate: rate)
        price.move(line: line, now: wall(now))
        // Calls are left over although they were scarce a moment ago: what waits for its price may go without one.
        if price.value > 0, queue.count == 0 {
            let found = look(
                by: now + SweepRules.ahead.microseconds, at: now, limit: SweepRules.choice(room: room),
                price: price.value * SweepRules.bargain)
            _ = enqueue(found.going, room: max(1, room / 4), onlyUrgent: false)
        }
    }

    /// What waits in the queue is worth more by and by; else what came later, and is worth more by then, would always overtake it.
    private mutating func raiseWaiting(at now: Int64) {
        raisedAt = now
        for (key, heat) in queue.waiting() {
            guard let found = SweepRules.raised(review(key, at: now, price: price.value), from: heat) else { continue }
            queue.add(key, found.priority, heat: found.heat)
        }
    }

    private struct Candidate {
        var key: Int
        var rank: Int
        var due: Int64
        var priority: Priority
        var heat: Int
    }

    /// Plans due by a time that are worth the price now, as the store gives them: most urgent first, then those longest due.
    private mutating func look(by limit: Int64, at now: Int64, limit count: Int, price: Double) -> (
        looked: Int, going: [Candidate]
    ) {
        var (looked, going): (Int, [Candidate]) = (0, [])
        var left: [(rank: Int, due: Int64, key: Int32)] = []
        for rank in plans.indices {
            while looked < count, let (due, key) = next(rank, by: limit) {
                looked += 1
                switch review(Int(key), at: now, price: price) {
                case .refresh(let priority, let heat):
                    going.append(Candidate(key: Int(key), rank: rank, due: due, priority: priority, heat: heat))
                case .later(let decision):
                    if due > now { left.append((rank, due, key)) } else { set(decision, Int(key)) }
                }
            }
        }
        for (rank, due, key) in left { plans[rank].push((due, key)) }
        going.sort { ($0.priority, -$0.heat, $0.due) < ($1.priority, -$1.heat, $1.due) }
        return (looked, going)
    }

    /// Puts candidates into the queue; what finds no room stays due.
    private mutating func enqueue(
        _ going: [Candidate], room: Int, onlyUrgent: Bool
    ) -> Int {
        var (free, taken) = (max(0, room - queue.count), 0)
        for each in going {
            if each.priority <= .high || (!onlyUrgent && free > 0) {
                free -= 1
                taken += 1
                queue.add(each.key, each.priority, heat: each.heat)
                dues[each.key] = .max
            } else {
                plans[each.rank].push((each.due, Int32(each.key)))
            }
        }
        return taken
    }

    private mutating func next(_ rank: Int, by limit: Int64) -> (due: Int64, key: Int32)? {
        while let top = plans[rank].first, top.due <= limit {
            _ = plans[rank].pop()
            let key = Int(top.key)
            if dues[key] == top.due, Int(ranks[key]) == rank, !queue.contains(key), !isFlying[key] { return top }
        }
        return nil
    }
}
