import FreshetCore
import FreshetDocument
import Synchronization

/// Makes rows of documents, for the datasets that declare tables.
final class TableMaker: Sendable {
    private struct Entry: Sendable {
        let normaliser: DocumentNormaliser
        let specs: [TableSpec]
        let mark: Int64
        let countsFetches: Bool
        /// For each specification what its rows lie in: the path before the first step that opens a list or map.
        let holders: [JSONPath?]

        /// The specifications whose rows a document says nothing of.
        func absent(in root: JSONValue) -> [Int] {
            holders.indices.filter { index in
                guard specs[index].disposition != .append, let holder = holders[index] else { return false }
                return !holder.matches(in: root).contains { !$0.isNull }
            }
        }
    }

    private let entries: [DatasetID: Entry]
    private let parameters: [DatasetID: [String]]
    private let apps: [DatasetID: any App]
    /// What kept tables from being read; the loader refuses such a configuration long before.
    let problems: [DatasetID: TableStop]

    init(_ configuration: Configuration) {
        var entries: [DatasetID: Entry] = [:]
        var problems: [DatasetID: TableStop] = [:]
        for dataset in configuration.datasets {
            guard let tables = dataset.tables else { continue }
            do {
                entries[dataset.id] = Entry(
                    normaliser: try DocumentNormaliser(tables), specs: tables.specs, mark: TableMaker.mark(of: tables),
                    countsFetches: tables.specs.contains { $0.idempotency == .fetch },
                    holders: tables.specs.map(TableMaker.holder))
            } catch {
                problems[dataset.id] = TableStop(
                    kind: "incompatible", table: tables.specs.first?.name ?? "", message: "\(error)")
            }
        }
        (self.entries, self.problems) = (entries, problems)
        apps = configuration.appsByDataset
        parameters = Dictionary(
            configuration.datasets.map { ($0.id, $0.template.parameters) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether the current rows of a document were made under another declaration, or never.
    func isBehind(_ dataset: DatasetID, _ state: DocumentState) -> Bool {
        guard let entry = entries[dataset] else { return false }
        return state.version > 0 && state.tablesMark != entry.mark
    }

    /// Whether each fetch adds rows, also when the document is the same.
    func countsFetches(_ dataset: DatasetID) -> Bool { entries[dataset]?.countsFetches ?? false }

    /// Whether a fetched body makes rows that the store does not have yet.
    func isNeeded(_ dataset: DatasetID, bodyHash: [UInt8], state: DocumentState) -> Bool {
        guard let entry = entries[dataset] else { return false }
        return entry.countsFetches || state.tablesMark != entry.mark || state.bodyHash != bodyHash
    }

    /// The rows of a document; `nil` when its dataset has no tables or the body cannot be read.
    ///
    /// - Parameters:
    ///   - change: The document with what it was before.
    ///   - disposition: Overrides what the tables declare, for this document only.
    /// - Returns: The rows.
    /// - Throws: What the app threw that makes the rows' document.
    @concurrent func rows(
        for change: DocumentChange, disposition: WriteDisposition? = nil
    ) async throws -> TableCommit? {
        let (id, fetchedAt) = (change.id, change.at)
        guard let entry = entries[id.dataset] else { return nil }
        let body = try apps[id.dataset]?.tableDocument(for: change) ?? change.after
        guard let tape = try? JSONTape(body, limits: .stored) else { return nil }
        let values = id.key.split(separator: "/", omittingEmptySubsequences: false)
        var named: [String: String] = [:]
        for (name, value) in zip(parameters[id.dataset] ?? [], values) {
            named[name] = PercentEncoding.decode(value) ?? String(value)
        }
        var rows = entry.normaliser.rows(of: tape, key: id.key, parameters: named, fetchedAt: fetchedAt)
        // An empty list empties a table; a document without the list says nothing about it.
        let absent = entry.absent(in: tape.root)
        rows.tables.removeAll { absent.contains($0.spec) }
        var commit = TableCommit(
            rows: rows, specs: entry.specs, mark: entry.mark, fetchedAt: fetchedAt, disposition: disposition)
        commit.absent = absent.map { entry.specs[$0].name }
        return commit
    }

    /// The path to what holds the rows of a table; `nil` where the document itself does.
    private static func holder(of spec: TableSpec) -> JSONPath? {
        guard case .path(let text) = spec.rows, !text.contains("..") else { return nil }
        let ends = ["[*]", ".*"].compactMap { text.firstRange(of: $0)?.lowerBound }
        let holder = String(text[..<(ends.min() ?? text.endIndex)])
        return holder == "$" ? nil : try? JSONPath(holder)
    }

    /// Tells one declaration from another, the same in every process.
    private static func mark(of tables: TablesConfig) -> Int64 {
        // FNV-1a over the written form: a declaration that reads the same makes the same rows.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(tables)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return Int64(bitPattern: hash)
    }
}

extension JSONLimits {
    /// What passed the guards of its source once is never refused again.
    static let stored = JSONLimits(maxDepth: 10_000, maxNodes: .max)
}
