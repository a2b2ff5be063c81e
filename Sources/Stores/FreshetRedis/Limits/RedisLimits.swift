public import FreshetCore
import NIOCore

/// Counts of calls in Redis, by Redis's own clock.
///
/// One round trip for a call; what comes after it (``settle(_:)``, ``refund(_:)``) is sent without waiting for an answer: were it
/// lost, the slots would come back when their hold ends.
public final class RedisLimits: SharedLimits {
    private let client: RedisClient
    private let base: String

    init(client: RedisClient, prefix: String) {
        self.client = client
        base = prefix + ":limit"
    }

    private func command(_ script: LuaScript, arguments count: Int, repeats: RedisCommand.Repeat) -> RedisCommand {
        var command = RedisCommand(arguments: 5 + count, repeats: repeats)
        command.add("EVALSHA" as StaticString)
        command.add(script.digest)
        command.add("1" as StaticString)
        command.add(base)
        command.addMark()
        return command
    }

    /// Takes a slot of every count, or of none.
    public func take(_ counts: [SharedCount], call: String, hold: Duration) async throws(StoreError) -> SharedGrant {
        guard !counts.isEmpty else { return .granted }
        var command = command(LimitScripts.take, arguments: 2 + counts.count * 5, repeats: .told)
        command.add(call)
        command.add(hold.microseconds)
        for count in counts {
            command.add(count.name)
            command.add(max(1, count.per.microseconds))
            command.add(Int64(max(1, count.capacity)))
            command.add(fine: count.interval)
            command.add(fine: count.tolerance)
        }
        let answer = try await client.call(command).list ?? []
        if answer.first?.int == 1 { return .granted }
        guard answer.count == 3, let wait = answer[1].int, let name = answer[2].string else {
            throw .corrupt("a script in Redis answered what it should not")
        }
        return .wait(.microseconds(max(1, wait)), count: name)
    }

    /// Says that the server has counted calls by now.
    public func settle(_ calls: [SharedCall]) async throws(StoreError) {
        let entries = calls.reduce(0) { $0 + $1.counts.count }
        guard entries > 0 else { return }
        var command = command(LimitScripts.settle, arguments: entries * 4, repeats: .told)
        for call in calls {
            for count in call.counts {
                command.add(call.call)
                command.add(max(1, count.per.microseconds))
                command.add(Int64(count.capacity))
                command.add(count.name)
            }
        }
        try client.cast(command)
    }

    /// Gives back the slots of calls that were never sent.
    public func refund(_ calls: [SharedCall]) async throws(StoreError) {
        let entries = calls.reduce(0) { $0 + $1.counts.count }
        guard entries > 0 else { return }
        var command = command(LimitScripts.refund, arguments: entries * 3, repeats: .harmless)
        for call in calls {
            for count in call.counts {
                command.add(call.call)
                command.add(fine: count.interval)
                command.add(count.name)
            }
        }
        try client.cast(command)
    }

    /// Counts calls that this process made while the counts were kept in another place.
    public func adopt(_ calls: [(count: SharedCount, slots: Int, after: Duration)]) async throws(StoreError) {
        guard !calls.isEmpty else { return }
        var command = command(LimitScripts.adopt, arguments: calls.count * 4, repeats: .never)
        for call in calls {
            command.add(call.count.name)
            command.add(max(1, call.count.per.microseconds))
            command.add(Int64(call.slots))
            command.add(max(0, call.after.microseconds))
        }
        _ = try await client.call(command)
    }

    /// How many slots of each count are held now.
    public func used(_ counts: [SharedCount]) async throws(StoreError) -> [Int] {
        guard !counts.isEmpty else { return [] }
        var command = command(LimitScripts.used, arguments: counts.count, repeats: .harmless)
        for count in counts { command.add(count.name) }
        return (try await client.call(command).list ?? []).map { Int($0.int ?? 0) }
    }
}

extension RedisCommand {
    /// Microseconds with their fractions: at 40 calls a millisecond they matter.
    fileprivate mutating func add(fine duration: Duration) { add("\(max(0, duration.inSeconds * 1_000_000))") }
}
