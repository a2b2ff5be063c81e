import FreshetCore

/// A store and short words for what the checks do with it.
struct ContractFixture: Sendable, QueueFixture {
    let store: any Store

    var queue: any JobStore { store }

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
}

extension LeasedJob {
    var key: String { job.document.key }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
