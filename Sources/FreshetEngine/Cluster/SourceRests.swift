import FreshetCore
import FreshetDocument
import Logging
import Synchronization

/// What processes tell each other about a source, so that none repeats what another was refused for.
struct SourceRests: Sendable, Hashable {
    /// A rest, who told of it and when, by the wall clock.
    struct Entry: Sendable, Hashable {
        var kind: SharedRest.Kind
        var name: String
        /// `nil`: until a person ends it.
        var until: Timestamp?
        var reason: String
        var at: Timestamp
        var by: String

        /// The rest as it stands at a moment.
        func rest(at now: Timestamp) -> SharedRest {
            SharedRest(
                kind: kind, name: name, remaining: until.map { max(.zero, $0 - now) }, reason: reason)
        }
    }

    static let prefix = "rests/"

    var entries: [Entry] = []
    /// Why the source takes no calls, as whoever wrote last sees it, for those that make none.
    var condition: SourceCondition?

    init() {}

    /// Takes the place of what was said of the same before.
    mutating func add(_ entry: Entry) {
        entries.removeAll { ($0.kind, $0.name) == (entry.kind, entry.name) }
        entries.append(entry)
        // What ended long ago needs no telling.
        entries.removeAll { old in old.until.map { entry.at - max($0, old.at) > .seconds(600) } ?? false }
    }

    /// Reads what the store has kept; empty when it cannot be understood.
    init(stored bytes: [UInt8]?) {
        guard let bytes, let root = (try? JSONTape(bytes))?.root else { return }
        func moment(_ value: JSONValue?) -> Timestamp? {
            value.flatMap { Int64($0.rawText) }.map { Timestamp(microseconds: $0) }
        }
        for item in root["rests"].map({ Array($0.elements) }) ?? [] {
            guard let kind = item["kind"]?.string.flatMap(SharedRest.Kind.init(rawValue:)), let at = moment(item["at"])
            else { continue }
            entries.append(
                Entry(
                    kind: kind, name: item["name"]?.string ?? "", until: moment(item["until"]),
                    reason: item["reason"]?.string ?? "", at: at, by: item["by"]?.string ?? ""))
        }
        if let found = root["condition"], let reason = found["reason"]?.string {
            condition = SourceCondition(reason: reason, until: moment(found["until"]))
        }
    }

    /// As it is stored.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("rests")
        writer.beginArray()
        for entry in entries {
            writer.beginObject()
            for (key, text) in [
                ("kind", entry.kind.rawValue), ("name", entry.name), ("reason", entry.reason), ("by", entry.by),
            ] {
                writer.key(key)
                writer.string(text)
            }
            for (key, moment) in [("at", entry.at), ("until", entry.until)] {
                guard let moment else { continue }
                writer.key(key)
                writer.int(Int(moment.microseconds))
            }
            writer.endObject()
        }
        writer.endArray()
        if let condition {
            writer.key("condition")
            writer.beginObject()
            writer.key("reason")
            writer.string(condition.reason)
            if let until = condition.until {
                writer.key("until")
                writer.int(Int(until.microseconds))
            }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }
}

/// Tells the other processes of rests, and keeps theirs.
struct RestFollower: Sendable {
    /// Between two looks without rings.
    static let often = Duration.seconds(1)
    /// Between two looks with them.
    static let seldom = Duration.seconds(5)

    let context: EngineContext
    let cluster: ClusterPart
    let governors: [String: SourceGovernor]
    let wakeup: Wakeup
    let poke: @Sendable (String) -> Void

    /// Keeps what others tell, until cancelled.
    func run() async {
        var seen: [String: SourceRests] = [:]
        while !Task.isCancelled {
            if let values = try? await cluster.store.values(prefix: SourceRests.prefix, after: nil, limit: 1000) {
                for (name, bytes) in values {
                    let source = String(name.dropFirst(SourceRests.prefix.count))
                    let rests = SourceRests(stored: bytes)
                    guard rests != seen[source], let governor = governors[source] else { continue }
                    keep(rests, before: seen[source] ?? SourceRests(), of: governor)
                    seen[source] = rests
                }
            }
            let pause = cluster.wire.isLive ? Self.seldom : Self.often
            await wakeup.wait(until: context.clock.monotonic() + pause, clock: context.clock)
        }
    }

    private func keep(_ rests: SourceRests, before: SourceRests, of governor: SourceGovernor) {
        let now = context.clock.now()
        let known = Set(before.entries)
        let isFirst = before.entries.isEmpty
        for entry in rests.entries where entry.by != cluster.setup.member.name && !known.contains(entry) {
            // What had ended before this process looked for the first time is nothing to it.
            if isFirst, let until = entry.until, until <= now { continue }
            governor.keep(entry.rest(at: now))
        }
        // Who makes no calls has no breaker of its own to show.
        if !cluster.setup.role.works {
            context.catalog.setSourceCondition(governor.source.name, rests.condition)
        } else {
            context.catalog.setSourceCondition(governor.source.name, context.condition(of: governor))
        }
        poke(governor.source.name)
    }

    /// Tells of a change of a source in this process.
    static func tell(
        _ rest: SharedRest?, of governor: SourceGovernor, context: EngineContext, cluster: ClusterPart
    ) async {
        let (name, now) = (SourceRests.prefix + governor.source.name, context.clock.now())
        for _ in 0..<8 {
            do throws(StoreError) {
                let kept = try await cluster.store.value(name)
                var rests = SourceRests(stored: kept)
                if let rest {
                    rests.add(
                        SourceRests.Entry(
                            kind: rest.kind, name: rest.name, until: rest.remaining.map { now + $0 },
                            reason: rest.reason, at: now, by: cluster.setup.member.name))
                }
                rests.condition = context.condition(of: governor)
                if try await cluster.store.swapValue(kept, with: rests.bytes, for: name) {
                    return cluster.wire.ring(.sources)
                }
            } catch {
                return context.storeFailed(error, while: "telling of \(governor.source.name)", metadata: [:])
            }
        }
    }
}
