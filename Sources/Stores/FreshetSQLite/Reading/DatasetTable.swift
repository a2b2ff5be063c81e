import FreshetCore
import Synchronization

/// The committed numbers of datasets, shared by the writer (which adds) and the readers.
final class DatasetTable: Sendable {
    private struct State {
        var numbers: [DatasetID: Int64] = [:]
        var datasets: [Int64: DatasetID] = [:]
    }

    private let state = Mutex(State())

    init() {}

    func add(_ new: [DatasetID: Int64]) {
        state.withLock { state in
            for (dataset, number) in new {
                state.numbers[dataset] = number
                state.datasets[number] = dataset
            }
        }
    }

    func number(of dataset: DatasetID) -> Int64? { state.withLock { $0.numbers[dataset] } }

    func dataset(_ number: Int64) -> DatasetID? { state.withLock { $0.datasets[number] } }

    func numbers(source: String?) -> [Int64] {
        state.withLock { state in
            guard let source else { return Array(state.datasets.keys) }
            return state.datasets.filter { $0.value.source == source }.map(\.key)
        }
    }
}
