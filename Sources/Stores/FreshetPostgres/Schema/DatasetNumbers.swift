import FreshetCore
import Synchronization

/// The committed numbers of datasets, as far as this process has met them; they never change.
final class DatasetNumbers: Sendable {
    private struct State {
        var numbers: [DatasetID: Int64] = [:]
        var datasets: [Int64: DatasetID] = [:]
    }

    private let state = Mutex(State())

    init() {}

    /// The number of a dataset, if it is known here.
    func number(of dataset: DatasetID) -> Int64? { state.withLock { $0.numbers[dataset] } }

    /// The dataset with a number, if it is known here.
    func dataset(_ number: Int64) -> DatasetID? { state.withLock { $0.datasets[number] } }

    /// The number of a dataset, also when another process gave it; `nil` when it has none.
    func number(of dataset: DatasetID, on connection: PGConnection) throws -> Int64? {
        if let known = number(of: dataset) { return known }
        try load(on: connection)
        return number(of: dataset)
    }

    /// The dataset with a number, also when another process gave it.
    func dataset(_ number: Int64, on connection: PGConnection) throws -> DatasetID {
        if let known = dataset(number) { return known }
        try load(on: connection)
        guard let known = dataset(number) else {
            throw StoreError.corrupt("a row names the dataset number \(number), which does not exist")
        }
        return known
    }

    /// Reads them all.
    func load(on connection: PGConnection) throws {
        let rows = try connection.query("SELECT id, source, name FROM freshet_datasets").map {
            (number: $0.int64(0), dataset: DatasetID(source: $0.text(1), name: $0.text(2)))
        }
        state.withLock { state in
            for row in rows {
                state.numbers[row.dataset] = row.number
                state.datasets[row.number] = row.dataset
            }
        }
    }
}

extension PostgresStore {
    /// Numbers for datasets, given now to those that have none; committed before anything uses them.
    func numbers(of wanted: [DatasetID]) async throws(StoreError) -> [DatasetID: Int64] {
        var found: [DatasetID: Int64] = [:]
        var missing: [DatasetID] = []
        for dataset in wanted where found[dataset] == nil {
            if let known = datasets.number(of: dataset) { found[dataset] = known } else { missing.append(dataset) }
        }
        guard !missing.isEmpty else { return found }
        let new = Set(missing).sorted { ($0.source, $0.name) < ($1.source, $1.name) }
        try await writers.statement(repeatable: true) { [datasets] connection in
            try connection.execute(
                """
                INSERT INTO freshet_datasets (source, name) SELECT * FROM unnest($1::text[], $2::text[])
                ON CONFLICT DO NOTHING
                """, [.texts(new.map(\.source)), .texts(new.map(\.name))])
            try datasets.load(on: connection)
        }
        for dataset in new {
            guard let number = datasets.number(of: dataset) else {
                throw .unavailable("a dataset got no number")
            }
            found[dataset] = number
        }
        return found
    }
}
