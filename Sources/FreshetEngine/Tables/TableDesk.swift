import FreshetCore
import Synchronization

/// What the engine remembers of tables: why datasets take no rows, and what the last rows were like.
final class TableDesk: Sendable {
    private struct State {
        var stops: [DatasetID: TableStop] = [:]
        var quality: [DatasetID: [String: TableQuality]] = [:]
    }

    private let state = Mutex(State())

    /// Takes what the store knew at start.
    func begin(stops: [DatasetID: TableStop]) { state.withLock { $0.stops = stops } }

    /// Notes what became of the rows of a document; returns the stop when it is news.
    func note(_ dataset: DatasetID, stop: TableStop?, quality: [TableQuality]) -> TableStop? {
        state.withLock { state in
            let isNews = stop != nil && state.stops[dataset] != stop
            state.stops[dataset] = stop
            // A table that this document had no rows for would show those of another.
            state.quality[dataset] = Dictionary(quality.map { ($0.table, $0) }) { first, _ in first }
            return isNews ? stop : nil
        }
    }

    /// Why the tables of a dataset take no rows.
    func stop(of dataset: DatasetID) -> TableStop? { state.withLock { $0.stops[dataset] } }

    /// Every dataset whose tables take no rows.
    var stops: [DatasetID: TableStop] { state.withLock { $0.stops } }

    /// What the last rows of a dataset's tables were like, by table.
    func quality(of dataset: DatasetID) -> [TableQuality] {
        state.withLock { $0.quality[dataset]?.values.sorted { $0.table < $1.table } ?? [] }
    }
}
