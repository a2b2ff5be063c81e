import FreshetCore

/// What one job brings to BigQuery, in the order of the commits.
struct Batch: Sendable {
    /// Rows that belong together: they are never divided between jobs.
    struct Unit: Sendable, Hashable {
        var key: String
        /// For append the fetch whose rows they are; `nil` means all rows of the document.
        var fetchID: Int64?
    }

    /// The entries in order, oldest first; at least one.
    let entries: [OutboxEntry]
    /// Each unit once, in the order of its first entry.
    let units: [Unit]
    private let isAppend: Bool

    init(_ entries: [OutboxEntry], disposition: WriteDisposition) {
        self.entries = entries
        isAppend = disposition == .append
        var seen: Set<Unit> = []
        units = entries.map { Self.unit($0, disposition) }.filter { seen.insert($0).inserted }
    }

    private static func unit(_ entry: OutboxEntry, _ disposition: WriteDisposition) -> Unit {
        Unit(key: entry.document.key, fetchID: disposition == .append ? entry.fetchID : nil)
    }

    /// The entries that the first so many units take care of.
    ///
    /// For append they are a run from the oldest on, so that a count and a digest name them. Otherwise a document's later
    /// entries are in it wherever they stand: its rows are sent as they are now.
    func covered(by count: Int) -> [OutboxEntry] {
        let taken = Set(units.prefix(count))
        let disposition: WriteDisposition = isAppend ? .append : .replace
        if isAppend { return Array(entries.prefix { taken.contains(Self.unit($0, disposition)) }) }
        return entries.filter { taken.contains(Self.unit($0, disposition)) }
    }

    /// Labels by which a job that was begun tells later what it took.
    func labels(of covered: [OutboxEntry]) -> [String: String] {
        ["freshet_entries": "\(covered.count)", "freshet_digest": JobName.digest(covered)]
    }

    /// The entries that a job of this batch's name took care of, from its labels.
    ///
    /// The oldest always: the name says so. A job that appends may have taken others with it; they count when exactly these
    /// still stand here. For other dispositions sending again does no harm.
    func covered(byLabels labels: [String: String]) -> [OutboxEntry] {
        guard isAppend, let count = labels["freshet_entries"].flatMap({ Int($0) }), (1...entries.count).contains(count),
            JobName.digest(entries[..<count]) == labels["freshet_digest"]
        else { return Array(entries.prefix(1)) }
        return Array(entries[..<count])
    }
}
