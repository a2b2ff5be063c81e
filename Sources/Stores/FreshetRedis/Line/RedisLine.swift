public import FreshetCore
import NIOCore
import Synchronization

/// The line of unfinished jobs in Redis: sorted sets and records that only scripts change, each call at one stroke.
///
/// A line must be begun (``begin(epoch:)``) before it is used, and throws ``StoreError/unavailable(_:)`` when Redis has lost it.
/// Jobs that the line numbered itself stay when they are done or dead, as ``JobStore`` says. Jobs that a store numbered
/// (``seed(_:now:)``, ``add(_:now:)``) leave the line when they end: the store keeps them.
///
/// Calls whose answer was lost with the connection are repeated for as long as an answer may take. Each has a number, and the
/// line remembers the last number of each process: what it has done before it does not do again. Questions about many jobs read a page at a time and are no snapshot.
public final class RedisLine: JobLine {
    /// Jobs that one script changes at most: some milliseconds, in which Redis serves nobody else.
    static let slice = 1_000
    /// Jobs that one script reads at most.
    static let page = 500

    private let client: RedisClient
    private let base: String
    private let followed = Mutex("")
    /// Names this process among those whose numbers a line remembers.
    private let member = String(UInt64.random(in: .min ... .max), radix: 36)

    init(client: RedisClient, prefix: String) {
        self.client = client
        base = prefix + ":line"
    }

    // MARK: Scripts

    /// Begins the command of a script: epoch, process, number and time stand first.
    func command(
        _ script: LuaScript, arguments count: Int, now: Timestamp = Timestamp(microseconds: 0),
        repeats: RedisCommand.Repeat = .harmless, capacity: Int = 512
    ) -> RedisCommand {
        var command = RedisCommand(arguments: 8 + count, repeats: repeats, capacity: capacity)
        command.add("EVALSHA" as StaticString)
        command.add(script.digest)
        command.add("1" as StaticString)
        command.add(base)
        command.add(followed.withLock { $0 })
        command.add(member)
        command.addNumber()
        command.add(min(max(now.microseconds, JobRecord.none), JobRecord.never))
        return command
    }

    func run(_ command: RedisCommand) async throws(StoreError) -> RESPValue { try await client.call(command) }

    func number(_ script: LuaScript, _ command: RedisCommand) async throws(StoreError) -> Int {
        guard let number = try await run(command).int else { throw Self.strange(script) }
        return Int(number)
    }

    static func strange(_ script: LuaScript) -> StoreError { .corrupt("a script in Redis answered what it should not") }

    // MARK: Epochs

    /// What the line was last begun with; `nil` when it was never begun, or has lost everything since.
    public func epoch() async throws(StoreError) -> String? {
        try await client.call(RedisCommand(["HGET", base, "epoch"])).string
    }

    /// Empties the line, begins it anew and goes by the new epoch.
    public func begin(epoch: String) async throws(StoreError) {
        var command = RedisCommand(arguments: 5, repeats: .harmless)
        for argument in ["EVALSHA", LineScripts.begin.digest, "1", base, epoch] { command.add(argument) }
        _ = try await client.call(command)
        follow(epoch: epoch)
    }

    /// Goes by an epoch.
    public func follow(epoch: String) { followed.withLock { $0 = epoch } }

    // MARK: Jobs of a store

    /// Puts jobs in with their numbers, as they stand.
    public func seed(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) {
        let records = jobs.filter { $0.state != .dead && $0.state != .done }.map(JobRecord.encode)
        try await put(records, LineScripts.seed, now: now)
    }

    /// Repeats wishes that the store has numbered.
    public func add(_ wishes: [(result: EnqueueResult, request: EnqueueRequest)], now: Timestamp)
        async throws(StoreError)
    {
        let records = wishes.map { JobRecord.encode($0.request, number: ($0.result.jobID, $0.result.isNew)) }
        try await put(records, LineScripts.add, now: now)
    }

    private func put(_ records: [ByteBuffer], _ script: LuaScript, now: Timestamp) async throws(StoreError) {
        for start in stride(from: 0, to: records.count, by: Self.slice) {
            let some = records[start..<min(start + Self.slice, records.count)]
            var command = command(script, arguments: some.count, now: now, capacity: 128 * (some.count + 2))
            for record in some { command.add(record) }
            _ = try await run(command)
        }
    }

    /// Takes jobs out, whoever holds them.
    public func remove(_ ids: [Int64]) async throws(StoreError) {
        _ = try await delete("held", ids)
    }

    func delete(_ mode: String, _ ids: [Int64]) async throws(StoreError) -> Int {
        var deleted = 0
        for start in stride(from: 0, to: ids.count, by: Self.slice) {
            let some = ids[start..<min(start + Self.slice, ids.count)]
            var command = command(LineScripts.delete, arguments: 1 + some.count)
            command.add(mode)
            for id in some { command.add(id) }
            deleted += try await number(LineScripts.delete, command)
        }
        return deleted
    }
}
