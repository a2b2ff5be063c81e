import FreshetCore

/// One engine, one upstream and a store in virtual time: late timers, random latencies, slow writes, crashes, restarts.
struct BudgetSimulation {
    /// A stream of work that never ends.
    struct Asker {
        var dataset: DatasetID
        var priority: Priority
        var aged = false
        /// `nil` always asks; otherwise one call each so often.
        var every: ClosedRange<Int64>?
    }

    private enum Event {
        case wake(epoch: Int)
        case arrive(call: Int)
        case head(call: Int)
        case finish(call: Int, dies: Bool)
        case persisted(epoch: Int, token: UInt64, bytes: [UInt8], lost: Bool)
        case due(asker: Int)
        case crash
        case restart
    }

    private struct Call {
        var permit: BudgetPermit
        var epoch: Int
        var arrived = false
        var arrivesAt: Int64
    }

    let source: SourceConfig
    let datasets: [DatasetID]
    let askers: [Asker]
    /// Nanoseconds.
    var latency: ClosedRange<Int64> = 1_000_000...3_000_000
    var slip: ClosedRange<Int64> = 1_000_000...2_000_000
    var persistence: ClosedRange<Int64> = 2_000_000...20_000_000
    var downtime: ClosedRange<Int64> = 60_000_000...900_000_000
    /// A call in so many dies without an answer; 0 for none.
    var deathEvery: UInt64 = 0
    /// A write in so many fails; 0 for none.
    var lostWriteEvery: UInt64 = 0
    var crashes: [Int64] = []
    var cleanRestarts: Set<Int64> = []
    /// Moments after which the machine has rebooted.
    var reboots: Set<Int64> = []
    /// What every answer's head carries.
    var headers: [(name: String, value: String)] = []
    /// How far the wall clock may jump at a restart, in seconds.
    var wallJump: Int64 = 0

    private(set) var server: SlidingServer
    /// Waits of askers with `every`, in nanoseconds.
    private(set) var waits: [Int64] = []
    private(set) var grantsByAsker: [Int]
    private(set) var snapshots = 0
    private(set) var largestSnapshot = 0
    private(set) var decisions = 0
    /// Aged work asks before what is not more urgent than high, as the engine does.
    private let inOrder: [Int]

    private var random: Seeded
    private var now: Int64 = 1_000_000_000_000
    private var wallOffset: Int64 = 1_790_000_000
    private var bootOffset: Int64 = 0
    private var boot = 0
    private var heap: [(time: Int64, order: Int, event: Event)] = []
    private var order = 0
    private var calls: [Int: Call] = [:]
    private var nextCall = 0
    private var epoch = 0
    private var machine: BudgetMachine?
    private var stored: [UInt8]?
    private var nextWake = Int64.max
    private var dueSince: [Int: Int64] = [:]

    /// `counted`: what the server counts, when that is more than the machine is told.
    init(
        source: SourceConfig, datasets: [DatasetID], askers: [Asker], seed: UInt64, counted: SourceConfig? = nil
    ) {
        self.source = source
        self.datasets = datasets
        self.askers = askers
        server = SlidingServer(counted ?? source)
        random = Seeded(seed)
        inOrder = askers.indices.sorted {
            (askers[$0].priority == .critical ? 0 : askers[$0].aged ? 1 : 2 + askers[$0].priority.rawValue)
                < (askers[$1].priority == .critical ? 0 : askers[$1].aged ? 1 : 2 + askers[$1].priority.rawValue)
        }
        grantsByAsker = Array(repeating: 0, count: askers.count)
    }

    /// Runs for so many virtual seconds.
    mutating func run(seconds: Int64) {
        let (start, end) = (now, now + seconds * 1_000_000_000)
        for crash in crashes { push(start + crash, .crash) }
        for (index, asker) in askers.enumerated() {
            if let every = asker.every { push(start + Int64.random(in: every, using: &random), .due(asker: index)) }
        }
        boundary = (start, end)
        startMachine()
        while let next = pop(), next.time <= end {
            now = next.time
            handle(next.event)
        }
    }

    private var boundary: (start: Int64, end: Int64) = (0, 0)
    private var mono: Duration { .nanoseconds(now - bootOffset) }
    private var wall: Timestamp { Timestamp(microseconds: now / 1000 + wallOffset * 1_000_000) }

    private mutating func startMachine() {
        machine = BudgetMachine(
            source: source, datasets: datasets, restored: BudgetRestore(stored: stored), bootID: "boot \(boot)",
            now: mono, wall: wall)
        ask()
    }

    private mutating func handle(_ event: Event) {
        let (mono, wall) = (mono, wall)
        switch event {
        case .wake(let of) where of == epoch && machine != nil:
            nextWake = .max
            ask()
        case .wake: break
        case .due(let asker):
            if dueSince[asker] == nil { dueSince[asker] = now }
            if let every = askers[asker].every {
                push(now + Int64.random(in: every, using: &random), .due(asker: asker))
            }
            if machine != nil { ask() }
        case .arrive(let call):
            guard var known = calls[call], !known.arrived else { return }
            known.arrived = true
            calls[call] = known
            server.arrive(key: known.permit.keyID, dataset: known.permit.dataset, at: now)
        case .head(let call):
            guard let known = calls[call], known.epoch == epoch else { return }
            machine?.headReceived(known.permit, now: mono)
            if !headers.isEmpty { machine?.learn(headers, known.permit, now: mono, wall: wall) }
        case .finish(let call, let dies):
            guard let known = calls[call] else { return }
            // A lost answer: the request may reach the server a moment after we gave up.
            if known.arrived { calls[call] = nil }
            guard known.epoch == epoch, machine != nil else { return }
            let failure = CallFailure(effect: .permanent, kind: "timeout", message: "no answer")
            machine?.finish(known.permit, dies ? .failure(failure) : .success, now: mono)
            ask()
        case .persisted(let of, let token, let bytes, let lost):
            // A write that was under way when the process died may or may not have reached the disk.
            guard of == epoch, machine != nil else {
                if machine == nil, of == epoch - 1, Bool.random(using: &random) { stored = bytes }
                return
            }
            if lost {
                if Bool.random(using: &random) { stored = bytes }
                machine?.reservationFailed(token)
            } else {
                stored = bytes
                machine?.reservationPersisted(token)
            }
            ask()
        case .crash: crash()
        case .restart:
            if wallJump > 0 { wallOffset += Int64.random(in: -wallJump...wallJump, using: &random) }
            startMachine()
        }
    }

    private mutating func crash() {
        guard machine != nil else { return }
        let (mono, wall) = (mono, wall)
        let moment = now - boundary.start
        if cleanRestarts.contains(moment) {
            stored = machine?.closingSnapshot(now: mono, wall: wall).encode()
        }
        machine = nil
        epoch += 1
        nextWake = .max
        let back = now + Int64.random(in: downtime, using: &random)
        // What was on its way still arrives, at the latest shortly before the process is back.
        for (id, call) in calls where !call.arrived && call.arrivesAt > back {
            push(Int64.random(in: now...back, using: &random), .arrive(call: id))
        }
        if reboots.contains(moment) {
            boot += 1
            bootOffset = back - 5_000_000_000
        }
        push(back, .restart)
    }

    private mutating func ask() {
        guard var budget = machine else { return }
        var earliest = Int64.max
        asking: for index in inOrder {
            let asker = askers[index]
            if asker.every != nil, dueSince[index] == nil { continue }
            while true {
                decisions += 1
                switch budget.decide(dataset: asker.dataset, priority: asker.priority, aged: asker.aged, now: mono) {
                case .go(let permit):
                    grantsByAsker[index] += 1
                    budget.sent(permit)
                    send(permit)
                    if asker.every != nil {
                        if let since = dueSince.removeValue(forKey: index) { waits.append(now - since) }
                        continue asking
                    }
                case .wait(let until, let block):
                    if block != .reservation { earliest = min(earliest, max(now + 1, nanoseconds(until) + bootOffset)) }
                    continue asking
                }
            }
        }
        if let snapshot = budget.reservationNeeded(now: mono, wall: wall) {
            snapshots += 1
            let bytes = snapshot.encode()
            largestSnapshot = max(largestSnapshot, bytes.count)
            let lost = lostWriteEvery > 0 && random.next() % lostWriteEvery == 0
            let at = now + Int64.random(in: persistence, using: &random)
            push(at, .persisted(epoch: epoch, token: snapshot.token, bytes: bytes, lost: lost))
        }
        machine = budget
        if earliest < nextWake {
            nextWake = earliest
            push(earliest + Int64.random(in: slip, using: &random), .wake(epoch: epoch))
        }
    }

    private mutating func send(_ permit: BudgetPermit) {
        let took = Int64.random(in: latency, using: &random)
        let arrival = now + Int64.random(in: 0...took, using: &random)
        calls[nextCall] = Call(permit: permit, epoch: epoch, arrivesAt: arrival)
        push(arrival, .arrive(call: nextCall))
        let dies = deathEvery > 0 && random.next() % deathEvery == 0
        if !dies { push(now + took, .head(call: nextCall)) }
        push(now + took + 500_000, .finish(call: nextCall, dies: dies))
        nextCall += 1
    }

    private func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    // A binary heap: earliest first, first in first out at the same moment.
    private mutating func push(_ time: Int64, _ event: Event) {
        order += 1
        heap.append((time, order, event))
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> (time: Int64, order: Int, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        heap[a].time != heap[b].time ? heap[a].time < heap[b].time : heap[a].order < heap[b].order
    }
}
