import FreshetCore
import FreshetDocument

/// The adaptive policy of one dataset, ready for use.
struct DatasetPolicy: Sendable {
    let id: DatasetID
    let dataset: DatasetConfig
    let config: AdaptiveRefresh
    let policy: RefreshPolicy
    /// The keys of a list, which alone are refreshed; `nil` means every key.
    let listed: Set<String>?
    private let when: [[(path: JSONPath, values: Set<String>)]]
    private let lookAt: [JSONPath]
    private let app: (any App)?

    /// `nil` when the dataset is not refreshed that way.
    init?(_ dataset: DatasetConfig, app: (any App)?) {
        guard let schedule = dataset.refresh, let config = schedule.adaptive, !config.classes.isEmpty else {
            return nil
        }
        (id, self.dataset, self.config, self.app) = (dataset.id, dataset, config, app)
        policy = RefreshPolicy(config)
        if case .list(let keys) = schedule.selection { listed = Set(keys) } else { listed = nil }
        // Paths are checked when the configuration is read; one that cannot be read holds nowhere.
        when = config.classes.map { kind in
            kind.when.map { ((try? JSONPath($0.path)) ?? .root, Set($0.values)) }
        }
        lookAt = config.lookAt.compactMap { try? JSONPath($0) }
    }

    /// What the classes ask of a document and holds in it, bit by class.
    func matches(_ root: JSONValue) -> UInt32 {
        var bits: UInt32 = 0
        for (index, conditions) in when.enumerated() where !conditions.isEmpty {
            let holds = conditions.allSatisfy { condition in
                condition.path.matches(in: root).contains { condition.values.contains($0.string ?? $0.rawText) }
            }
            if holds { bits |= 1 << UInt32(index) }
        }
        return bits
    }

    /// When a document must be looked at again, by its own moments and by its app.
    func nextLook(_ root: JSONValue?, body: [UInt8], key: String, now: Timestamp) -> NextLook? {
        var found = app?.nextLook(at: DocumentID(dataset: id, key: key), body: body, now: now)
        guard let root else { return found }
        for path in lookAt {
            for value in path.matches(in: root) {
                guard let moment = DatasetPolicy.moment(value), moment > now else { continue }
                if found.map({ moment < $0.at }) ?? true {
                    found = NextLook(at: moment, priority: config.classes[0].priority)
                }
            }
        }
        return found
    }

    /// A moment as documents spell it: ISO 8601 in all forms, or seconds or milliseconds since 1970.
    private static func moment(_ value: JSONValue) -> Timestamp? {
        guard let text = value.string ?? (value.kind == .number ? value.rawText : nil) else { return nil }
        let bytes = Array(text.utf8)
        let formats: [TimeFormat] =
            value.kind == .number
            ? [text.utf8.count > 11 ? .unixMilliseconds : .unixSeconds] : [.iso]
        for format in formats {
            if let found = TimeText.parse(bytes, format: format) {
                return Timestamp(microseconds: found.seconds * 1_000_000 + Int64(found.nanoseconds) / 1000)
            }
        }
        return compact(bytes)
    }

    /// `20240131T235959.000Z`, as some APIs write it.
    private static func compact(_ bytes: [UInt8]) -> Timestamp? {
        guard bytes.count >= 15, bytes[8] == UInt8(ascii: "T") else { return nil }
        func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        let rest = bytes.count > 15 ? part(15..<bytes.count) : "Z"
        return Timestamp(
            rfc3339:
                "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))\(rest)")
    }

    /// How old a key may be when it is read.
    func target(kind: Int) -> Duration? { config.classes[kind].target ?? config.target }

    /// Decides, and leaves alone what is not on the list.
    func decide(
        _ memory: KeyMemory, key: String, now: Timestamp, price: Double, habits: HourHabits
    ) -> RefreshPolicy.Decision {
        var decision = policy.decide(
            memory, strategy: config.strategy(of: key), now: now, price: price, habits: habits)
        if let listed, !listed.contains(key), memory.viewedUntil.map({ $0 <= now }) ?? true {
            (decision.due, decision.cause) = (RefreshPolicy.never, .none)
        }
        return decision
    }

    /// A plan with what was decided.
    func plan(_ memory: KeyMemory, key: String, _ decision: RefreshPolicy.Decision) -> KeyPlan {
        KeyPlan(
            id: DocumentID(dataset: id, key: key), dueAt: decision.due, priority: decision.priority,
            memory: memory.encode())
    }

    /// What is known of a key that has no plan yet.
    func memory(from state: DocumentState) -> KeyMemory {
        var memory = KeyMemory()
        memory.checkedAt = state.checkedAt
        memory.confirmedAt = state.lastUpdated
        memory.changedAt = state.version > 1 ? state.changedAt : nil
        memory.isMissing = state.presence == .missing || state.presence == .gone
        return memory
    }
}
