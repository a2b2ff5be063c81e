import FreshetCore

/// A store and short words for what the checks do with it.
struct ContractFixture: Sendable {
    let store: any Store

    static let clan = DatasetID(source: "clash", name: "clan")
    static let player = DatasetID(source: "clash", name: "player")
    static let repo = DatasetID(source: "github", name: "repo")

    /// `t(0)` is a fixed moment; the argument counts seconds.
    static func t(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_700_000_000 + seconds) }

    static func id(_ key: String, _ dataset: DatasetID = clan) -> DocumentID { DocumentID(dataset: dataset, key: key) }

    static func content(
        _ text: String, meaning: String? = nil, freshFor: Duration = .seconds(60), origin: Origin = .upstream,
        validators: Validators = Validators()
    ) -> RefreshOutcome {
        .content(
            FetchedContent(
                body: Array(text.utf8), contentHash: hash(meaning ?? text), bodyHash: hash(text),
                validators: validators, freshFor: freshFor, origin: origin))
    }

    /// 16 bytes that differ when the texts do; good enough for the texts of this suite.
    static func hash(_ text: String) -> [UInt8] {
        var (a, b): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x9E37_79B9_7F4A_7C15)
        for byte in text.utf8 {
            a = (a ^ UInt64(byte)) &* 0x100_0000_01b3
            b = (b ^ a) &* 0x94D0_49BB_1331_11EB
        }
        return (0..<8).map { UInt8(truncatingIfNeeded: a >> ($0 * 8)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: b >> ($0 * 8)) }
    }

    static func note(_ kind: String = "upstream-503", at: Timestamp = t(0), status: Int? = 503) -> FailureNote {
        FailureNote(kind: kind, message: "a sentence about \(kind)", at: at, status: status)
    }

    static func notFound(goneAfter: Int = 3, rememberFor: Duration = .seconds(300)) -> RefreshOutcome {
        .notFound(
            rememberFor: rememberFor, goneAfter: goneAfter, note: note("upstream-404", status: 404))
    }

    /// A commit without a job.
    @discardableResult
    func commit(
        _ key: String, _ outcome: RefreshOutcome, at seconds: Int64, in dataset: DatasetID = clan, keeps: Bool = false,
        onChange: [NewEvent] = [], events: [NewEvent] = []
    ) async throws -> CommitResult {
        try await store.commit(
            RefreshCommit(
                id: Self.id(key, dataset), outcome: outcome, at: Self.t(seconds), keepsHistory: keeps,
                eventsOnChange: onChange, events: events))
    }

    func document(_ key: String, in dataset: DatasetID = clan) async throws -> StoredDocument {
        try require(await store.document(Self.id(key, dataset)), "the document \(key)")
    }

    /// Enqueues one job and returns what became of it.
    @discardableResult
    func enqueue(
        _ key: String, _ priority: Priority = .medium, cause: String = "read", heat: Int = 0,
        notBefore: Timestamp? = nil, in dataset: DatasetID = clan, at seconds: Int64 = 0
    ) async throws -> EnqueueResult {
        let request = EnqueueRequest(
            document: Self.id(key, dataset), priority: priority, cause: cause, heat: heat, notBefore: notBefore)
        let results = try await store.enqueue([request], now: Self.t(seconds))
        try expectEqual(results.count, 1, "one result per wish")
        return results[0]
    }

    /// Leases from all datasets at every priority.
    func lease(
        _ count: Int = 1, at seconds: Int64 = 0, oldestFirst: Bool = false, leaseFor: Duration = .seconds(60)
    ) async throws -> [LeasedJob] {
        let admitted: [DatasetID: Priority] = [Self.clan: .low, Self.player: .low, Self.repo: .low]
        return try await store.lease(
            LeaseRequest(admitted: admitted, oldestFirst: oldestFirst, count: count, leaseFor: leaseFor),
            now: Self.t(seconds))
    }

    func leaseOne(at seconds: Int64 = 0, leaseFor: Duration = .seconds(60)) async throws -> LeasedJob {
        try require(await lease(at: seconds, leaseFor: leaseFor).first, "a ready job")
    }

    /// Ends one job.
    func end(_ lease: LeasedJob, _ end: JobEnd, at seconds: Int64 = 0) async throws -> Bool {
        try require(await store.end([(lease: lease, end: end)], now: Self.t(seconds)).first, "one answer per job")
    }

    /// Makes a dead job of a key.
    func kill(_ key: String, at seconds: Int64 = 0) async throws -> Int64 {
        try await enqueue(key, .critical, at: seconds)
        let lease = try await leaseOne(at: seconds)
        try expectEqual(lease.job.document.key, key, "the job that was to die")
        try expect(try await end(lease, .dead(Self.note()), at: seconds), "a leased job can die")
        return lease.job.id
    }

    func job(_ id: Int64) async throws -> RefreshJob { try require(await store.job(id), "the job \(id)") }
}

extension LeasedJob {
    var key: String { job.document.key }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
