import FreshetCore
import FreshetDocument

/// How the endpoints fare.
struct TornHealth: Sendable {
    /// From best to worst.
    enum Status: String, Sendable, Comparable {
        /// The last run of every document brought good data.
        case ok
        /// Nothing has run yet, or not everything.
        case waiting
        /// The last run failed; rows of before are kept and served.
        case degraded
        /// The last run failed and there is nothing to show.
        case failing

        private var rank: Int {
            switch self {
            case .ok: 0
            case .waiting: 1
            case .degraded: 2
            case .failing: 3
            }
        }

        static func < (a: Status, b: Status) -> Bool { a.rank < b.rank }
    }

    /// One document of an endpoint.
    struct Document: Sendable {
        var key: String
        var status: Status
        var lastRun: Timestamp?
        var lastSuccess: Timestamp?
        var nextRun: Timestamp?
        var failure: FailureNote?
    }

    /// The rows of one table.
    struct Table: Sendable {
        var name: String
        var rows: Int
        var rejected: Int
        var writtenAt: Timestamp?
    }

    /// One endpoint.
    struct Endpoint: Sendable {
        var dataset: DatasetID
        var interval: String
        var documents: [Document]
        var tables: [Table]
        /// Why its tables take no rows.
        var stop: TableStop?

        var status: Status {
            let worst = documents.map(\.status).max() ?? .waiting
            return stop == nil ? worst : max(worst, .degraded)
        }
    }

    var time: Timestamp
    var endpoints: [Endpoint]

    /// As bad as the worst endpoint; failing only when all of them are.
    var status: Status {
        let all = endpoints.map(\.status)
        guard let worst = all.max() else { return .waiting }
        return worst == .failing && !all.allSatisfy { $0 == .failing } ? .degraded : worst
    }

    static func read(_ datasets: [DatasetConfig], services: AppServices) async throws(StoreError) -> TornHealth {
        let now = services.clock.now()
        let summaries = try await services.tables?.tables() ?? []
        let stops = try await services.tables?.tableStops() ?? [:]
        var endpoints: [Endpoint] = []
        for dataset in datasets {
            var endpoint = Endpoint(
                dataset: dataset.id, interval: dataset.refresh?.timing.interval ?? "", documents: [], tables: [],
                stop: stops[dataset.id])
            let known = try await services.store.keys(of: dataset.id, after: nil, limit: 1_000)
            let states = Dictionary(known.map { ($0.key, $0.state) }) { first, _ in first }
            for key in dataset.refresh?.selection.keys ?? [] {
                let job = try await services.store.job(for: DocumentID(dataset: dataset.id, key: key))
                endpoint.documents.append(Document(key, state: states[key], job: job, of: dataset, now: now))
            }
            let names = Set(dataset.tables?.specs.map(\.name) ?? [])
            endpoint.tables = summaries.filter { names.contains($0.schema.root) || names.contains($0.schema.name) }
                .map { Table(name: $0.schema.name, rows: $0.rows, rejected: $0.rejected, writtenAt: $0.writtenAt) }
            endpoints.append(endpoint)
        }
        return TornHealth(time: now, endpoints: endpoints)
    }

    // MARK: JSON

    var json: [UInt8] {
        var json = JSONWriter(style: .pretty)
        json.beginObject()
        json.field("status", status.rawValue)
        json.field("time", time.rfc3339)
        json.key("endpoints")
        json.beginArray()
        endpoints.forEach { $0.write(to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}

extension TornHealth.Endpoint {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("name", dataset.name)
        json.field("dataset", dataset.description)
        json.field("status", status.rawValue)
        json.field("interval", interval)
        json.field("last_run", documents.compactMap(\.lastRun).max()?.rfc3339)
        json.field("last_success", documents.compactMap(\.lastSuccess).max()?.rfc3339)
        json.field("next_run", documents.compactMap(\.nextRun).min()?.rfc3339)
        json.field("rows", tables.reduce(0) { $0 + $1.rows })
        json.field("rejected", tables.reduce(0) { $0 + $1.rejected })
        if let stop { json.field("tables_stopped", stop.message) }
        json.key("tables")
        json.beginArray()
        for table in tables {
            json.beginObject()
            json.field("name", table.name)
            json.field("rows", table.rows)
            json.field("rejected", table.rejected)
            json.field("written_at", table.writtenAt?.rfc3339)
            json.endObject()
        }
        json.endArray()
        json.key("documents")
        json.beginArray()
        documents.forEach { $0.write(to: &json) }
        json.endArray()
        json.endObject()
    }
}

extension TornHealth.Document {
    fileprivate init(_ key: String, state: DocumentState?, job: RefreshJob?, of dataset: DatasetConfig, now: Timestamp)
    {
        self.key = key
        (lastRun, lastSuccess, failure) = (state?.checkedAt, state?.lastUpdated, state?.failure)
        switch (state?.failure, state?.presence) {
        case (nil, .live?): status = .ok
        case (nil, _): status = .waiting
        case (_?, .live?): status = .degraded
        case (_?, _): status = .failing
        }
        if let job, job.state == .ready || job.state == .leased || job.state == .waiting {
            nextRun = max(job.notBefore, now)
        } else if case .every(let period)? = dataset.refresh?.timing {
            nextRun = max(state?.checkedAt.map { period.added(to: $0) } ?? now, now)
        }
    }

    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("key", key)
        json.field("status", status.rawValue)
        json.field("last_run", lastRun?.rfc3339)
        json.field("last_success", lastSuccess?.rfc3339)
        json.field("next_run", nextRun?.rfc3339)
        if let failure {
            json.field("error", failure.kind)
            json.field("message", failure.message)
            json.field("failures", failure.count)
        }
        json.endObject()
    }
}

extension RefreshSchedule.Timing {
    /// As it is written in the configuration.
    fileprivate var interval: String {
        switch self {
        case .every(let period): period.description
        case .cron(let expression, _): expression
        }
    }
}

extension RefreshSchedule.Selection {
    /// The keys of a list.
    fileprivate var keys: [String] {
        if case .list(let keys) = self { keys } else { [] }
    }
}
