import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// Finds documents in memory or the store, and asks for those that neither has.
struct DocumentReader: Sendable {
    let service: any MirrorService
    let cold: ColdKeys
    private let loads = Flights<DocumentID, CatalogEntry?>()
    private let outlooks = Flights<DocumentID, WhyReport>()

    init(service: any MirrorService, cold: ColdKeys) { (self.service, self.cold) = (service, cold) }

    /// The declared dataset of a path.
    func dataset(_ exchange: Exchange) throws(Problem) -> DatasetRecord {
        let source = exchange.capture("source") ?? ""
        guard service.configuration.source(source) != nil else {
            let names = service.configuration.sources.map(\.name).joined(separator: ", ")
            throw Problem(404, "unknown-source", "No source has this name; there are: \(names).")
        }
        guard let record = service.catalog.record(DatasetID(source: source, name: exchange.capture("dataset") ?? ""))
        else {
            let names = service.configuration.datasets.filter { $0.id.source == source }.map(\.id.name)
            throw Problem(
                404, "unknown-dataset",
                "The source \(source) has no dataset of this name; it has: \(names.joined(separator: ", ")).")
        }
        return record
    }

    /// The document that a path below a dataset names.
    func document(_ path: Substring, of dataset: DatasetRecord) throws(Problem) -> DocumentID {
        guard let key = dataset.config.key(forPath: path) else {
            let names = dataset.config.template.parameters
            let shape = names.isEmpty ? DocumentID.singletonKey : names.map { "{\($0)}" }.joined(separator: "/")
            throw Problem(
                400, "bad-key",
                "This cannot be a key of \(dataset.config.id): it must be \(shape), each part percent-encoded, "
                    + "and fit its normaliser.")
        }
        return DocumentID(dataset: dataset.config.id, key: key)
    }

    /// The entry of a document, from memory or the store; `nil` when it was never asked for.
    func find(_ id: DocumentID) async throws -> CatalogEntry? {
        if let entry = service.catalog.entry(id) { return entry }
        if cold.isOnItsWay(id) { return nil }
        return try await load(id)
    }

    /// The entry of a document from the store, one read of the store however many ask.
    func load(_ id: DocumentID) async throws -> CatalogEntry? {
        let service = service
        return try await loads.run(id) { try await service.load(id) }
    }

    /// Counts a read of an entry.
    func read(_ entry: CatalogEntry, at now: Timestamp, youngerThan wanted: Int64?) -> ServedDocument {
        // An entry that was evicted between finding and reading it is as good as when it was found.
        service.catalog.read(entry, at: now, youngerThan: wanted) ?? entry.served
    }

    /// Queues the first fetch of a document in a client's name.
    func ask(_ id: DocumentID, client: ClientAddress) async throws -> ColdKeys.Outcome {
        let service = service
        return try await cold.ask(id, client: client) {
            try await service.requestRefresh(EnqueueRequest(document: id, priority: .critical, cause: "cold", heat: 1))
                .jobID
        }
    }

    /// Waits until an attempt on a document has brought what is wanted, at most `limit`.
    ///
    /// A failed attempt ends the wait only when no other comes in time: the next key, or the end of a back-off, may do. It also
    /// looks between whiles: an attempt may have ended before the wait for it began.
    func wait(
        for id: DocumentID, limit: Duration, clock: any FreshetClock, until isDone: (CatalogEntry?) -> Bool
    ) async -> CatalogEntry? {
        let deadline = clock.monotonic() + limit
        var hasLooked = false
        while true {
            let entry = service.catalog.entry(id)
            if isDone(entry) { return entry }
            let left = deadline - clock.monotonic()
            guard left > .zero else { return entry }
            if await service.awaitAttempt(id, timeout: min(left, .milliseconds(500))) {
                let found = (try? await load(id)) ?? service.catalog.entry(id)
                if isDone(found) { return found }
                guard await isTriedAgain(id, within: deadline - clock.monotonic(), clock: clock) else { return found }
            } else if !hasLooked {
                // A dead letter rests: nobody will try while the client waits.
                hasLooked = true
                if await outlook(of: id)?.job?.state == .dead { return entry }
            }
            if Task.isCancelled { return entry }
        }
    }

    /// Whether the queue tries a document again within `left`, after an attempt that failed.
    private func isTriedAgain(_ id: DocumentID, within left: Duration, clock: any FreshetClock) async -> Bool {
        guard let outlook = await outlook(of: id) else { return false }
        switch outlook.job?.state {
        case .ready, .waiting, .leased: return outlook.nextRun.map { $0 - clock.now() < left } ?? false
        case .dead, .done, nil: return false
        }
    }

    /// Why a document is as it is; one look at the store however many ask, `nil` when it cannot be read.
    func outlook(of id: DocumentID) async -> WhyReport? {
        let service = service
        return try? await outlooks.run(id) { try await service.why(id) }
    }
}
