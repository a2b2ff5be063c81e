public import FreshetCore
import FreshetDocument
import Synchronization

/// One process of a deployment, as the others see it.
public struct MemberRecord: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it does.
    public var role: String
    /// Where it runs.
    public var host: String
    /// Its process id there.
    public var pid: Int
    /// Which Freshet it is.
    public var version: String
    /// When it started.
    public var startedAt: Timestamp
    /// When it was last heard of.
    public var seenAt: Timestamp
    /// What only it does at the moment.
    public var duties: [String]

    /// Creates a record.
    public init(
        name: String, role: String, host: String, pid: Int, version: String, startedAt: Timestamp, seenAt: Timestamp,
        duties: [String]
    ) {
        (self.name, self.role, self.host, self.pid) = (name, role, host, pid)
        (self.version, self.startedAt, self.seenAt, self.duties) = (version, startedAt, seenAt, duties)
    }
}

/// The processes of the deployment as they were last read.
final class MemberList: Sendable {
    private let records = Mutex<[MemberRecord]>([])

    var all: [MemberRecord] { records.withLock { $0 } }

    func set(_ new: [MemberRecord]) { records.withLock { $0 = new } }
}

extension MemberRecord {
    /// The values that processes write, one each.
    static let prefix = "member/"

    /// As it is stored.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, text) in [("name", name), ("role", role), ("host", host), ("version", version)] {
            writer.key(key)
            writer.string(text)
        }
        for (key, number) in [
            ("pid", pid), ("started", Int(startedAt.microseconds)), ("seen", Int(seenAt.microseconds)),
        ] {
            writer.key(key)
            writer.int(number)
        }
        writer.key("duties")
        writer.beginArray()
        for duty in duties { writer.string(duty) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Reads what a process wrote; `nil` when it cannot be understood.
    init?(stored bytes: [UInt8]) {
        guard let root = (try? JSONTape(bytes))?.root, let name = root["name"]?.string else { return nil }
        func text(_ key: String) -> String { root[key]?.string ?? "" }
        func number(_ key: String) -> Int64 { root[key].flatMap { Int64($0.rawText) } ?? 0 }
        self.init(
            name: name, role: text("role"), host: text("host"), pid: Int(number("pid")), version: text("version"),
            startedAt: Timestamp(microseconds: number("started")), seenAt: Timestamp(microseconds: number("seen")),
            duties: root["duties"]?.elements.compactMap { $0.string } ?? [])
    }
}

/// Says that this process is there, and reads who else is.
struct MemberKeeper: Sendable {
    /// Between two signs of life.
    static let beat = Duration.seconds(3)
    /// A process that gave no sign for so long is not listed.
    static let silence = Duration.seconds(15)
    /// A process that gave no sign for so long is forgotten.
    static let forgets = Duration.seconds(3600)

    let context: EngineContext
    let cluster: ClusterPart
    let startedAt: Timestamp
    let pid: Int

    /// Works until cancelled, then takes its own record away.
    func run() async {
        while !Task.isCancelled {
            do {
                try await beat()
                cluster.health.clear("store")
            } catch {
                cluster.health.note("store", "\(error)")
            }
            try? await context.clock.sleep(for: MemberKeeper.beat)
        }
        let (store, name) = (cluster.store, MemberRecord.prefix + cluster.setup.member.name)
        // The task is cancelled, and so would the call be; the others need not wait until it looks dead.
        await Task { try? await store.setValue(nil, for: name) }.value
    }

    private func beat() async throws(StoreError) {
        let now = context.clock.now()
        let setup = cluster.setup
        let own = MemberRecord(
            name: setup.member.name, role: setup.role.rawValue, host: setup.about.host, pid: pid,
            version: setup.about.version, startedAt: startedAt, seenAt: now, duties: cluster.duties.duties)
        try await cluster.store.setValue(own.bytes, for: MemberRecord.prefix + own.name)
        let found = try await cluster.store.values(prefix: MemberRecord.prefix, after: nil, limit: 1000)
        var living: [MemberRecord] = []
        for (name, bytes) in found {
            let record = MemberRecord(stored: bytes)
            if let record, now - record.seenAt < MemberKeeper.silence {
                living.append(record)
            } else if record.map({ now - $0.seenAt > MemberKeeper.forgets }) ?? true {
                try await cluster.store.setValue(nil, for: name)
            }
        }
        cluster.members.set(living)
    }
}
