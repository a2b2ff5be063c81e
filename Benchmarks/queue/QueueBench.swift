import FreshetCore
import FreshetRedis
import FreshetSQLite

private let dataset = DatasetID(source: "bench", name: "doc")
private let now = Timestamp(seconds: 1_700_000_000)
private let backlog = 10_000

/// Documents that were never asked for.
private struct Wishes {
    private var next: Int

    init(from first: Int = 0) { next = first }

    mutating func take(_ count: Int) -> [EnqueueRequest] {
        defer { next += count }
        return (next..<next + count).map { number in
            EnqueueRequest(
                document: DocumentID(dataset: dataset, key: "%23K\(number)"), priority: .medium, cause: "read",
                heat: number % 10)
        }
    }
}

private func request(_ count: Int) -> LeaseRequest {
    LeaseRequest(admitted: [dataset: .low], count: count, leaseFor: .seconds(60))
}

/// One queue, with a backlog, and the jobs that the last step took.
private struct Bench {
    let store: any JobStore
    var wishes: Wishes
    var held: [LeasedJob] = []

    init(_ store: any JobStore, from first: Int = 0) async throws {
        self.store = store
        wishes = Wishes(from: first)
        for _ in 0..<backlog / 1_000 { _ = try await store.enqueue(wishes.take(1_000), now: now) }
    }

    /// Enqueue, lease, end: three calls.
    mutating func apart(_ batch: Int) async throws {
        _ = try await store.enqueue(wishes.take(batch), now: now)
        let leases = try await store.lease(request(batch), now: now)
        _ = try await store.end(leases.map { (lease: $0, end: .done) }, now: now)
    }

    /// What was taken before ends, as much is enqueued, and the next is taken: one call.
    mutating func together(_ batch: Int) async throws {
        let cycle = try await store.cycle(
            ends: held.map { (lease: $0, end: .done) }, wishes: wishes.take(batch), lease: request(batch), now: now)
        held = cycle.leases
    }
}

/// Measures queues in one process, taking turns: a line of JSON for each turn.
///
/// Usage: `queue-bench PORT DIRECTORY TURNS MILLISECONDS FINISHED`.
@main
struct QueueBench {
    let port: Int
    let directory: String
    let turns: Int
    let milliseconds: Int
    let finished: Int

    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 5, let port = Int(words[1]), let turns = Int(words[3]), let milliseconds = Int(words[4]),
            let finished = Int(words[5])
        else { fatalError("usage: queue-bench PORT DIRECTORY TURNS MILLISECONDS FINISHED") }
        let bench = QueueBench(
            port: port, directory: words[2], turns: turns, milliseconds: milliseconds, finished: finished)
        let plain = try PlainSortedSet(RedisOptions(port: port, namespace: "plain"))
        try await bench.turns(plain)
        if finished > 0 { try await bench.emptyPolls(plain) }
        await plain.close()
    }

    /// Repeats a step for one turn and prints how many jobs a second it did.
    func measure(_ name: String, batch: Int, _ step: () async throws -> Void) async throws {
        let begin = ContinuousClock.now
        let end = begin + .milliseconds(milliseconds)
        var steps = 0
        while ContinuousClock.now < end {
            try await step()
            steps += 1
        }
        let rate = Double(steps * batch) / (ContinuousClock.now - begin).inSeconds
        print("{\"name\": \"\(name)\", \"batch\": \(batch), \"rate\": \(rate)}")
    }

    func coordinator(_ name: String) async throws -> RedisCoordinator {
        let coordinator = try RedisCoordinator(RedisOptions(port: port, namespace: name))
        try await coordinator.line.begin(epoch: "bench")
        return coordinator
    }

    private func turns(_ plain: PlainSortedSet) async throws {
        for start in stride(from: 0, to: backlog, by: 1_000) {
            try await plain.add((start..<start + 1_000).map { (score: $0, name: "\($0)") })
        }
        var number = backlog
        let together = try await coordinator("together")
        let apart = try await coordinator("apart")
        let sqlite = try await SQLiteStore.open(directory: directory, now: now)
        var lines: [Int: Bench] = [:]
        // Of one backlog: each batch size has documents of its own.
        for batch in [1, 10, 100] { lines[batch] = try await Bench(together.line, from: batch * 1_000_000_000) }
        var single = try await Bench(apart.line)
        var files: [Int: Bench] = [:]
        for batch in [1, 10, 100] { files[batch] = try await Bench(sqlite, from: batch * 1_000_000_000) }
        var file = try await Bench(sqlite)

        for _ in 0..<turns {
            for batch in [1, 10, 100] {
                try await measure("plain", batch: batch) {
                    try await plain.add((number..<number + batch).map { (score: $0, name: "\($0)") })
                    number += batch
                    _ = try await plain.pop(batch)
                }
                try await measure("cycle", batch: batch) { try await lines[batch]?.together(batch) }
                try await measure("apart", batch: batch) { try await single.apart(batch) }
                try await measure("sqlite", batch: batch) { try await files[batch]?.together(batch) }
                try await measure("sqlite apart", batch: batch) { try await file.apart(batch) }
            }
        }
        await sqlite.close()
        for coordinator in [together, apart] { await coordinator.close() }
    }

    /// A million finished jobs beside an empty line.
    private func emptyPolls(_ plain: PlainSortedSet) async throws {
        let empty = try await coordinator("empty")
        var wishes = Wishes()
        for _ in 0..<finished / 1_000 {
            _ = try await empty.line.enqueue(wishes.take(1_000), now: now)
            let leases = try await empty.line.lease(request(1_000), now: now)
            _ = try await empty.line.end(leases.map { (lease: $0, end: .done) }, now: now)
        }
        for _ in 0..<turns {
            try await measure("ping", batch: 1) { try await plain.ping() }
            try await measure("empty poll", batch: 1) { _ = try await empty.line.lease(request(1), now: now) }
        }
        await empty.close()
    }
}
