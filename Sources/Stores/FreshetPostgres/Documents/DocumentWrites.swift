import FreshetCore

/// What a transaction writes of documents, as a handful of statements however many there are.
struct DocumentWrites {
    /// A document's row as it becomes.
    struct Document {
        /// `nil` for a new one.
        var id: Int64?
        var dataset: Int64
        var key: String
        var state: DocumentState
        var bytes: Int
        /// Whether upstream gave or confirmed its content: its reads are counted anew, and it can go stale again.
        var isConfirmed: Bool
    }

    private struct Version {
        var document: Document
        var body: [UInt8]
    }

    private var updated: [Document] = []
    private var added: [Document] = []
    private var replaced: [Version] = []
    private var begun: [Version] = []
    /// Versions that become history: document, version, moment.
    private var ended: [(id: Int64, version: Int, at: Timestamp)] = []
    /// Versions that go: document, first, last.
    private var removed: [(id: Int64, first: Int, last: Int)] = []

    mutating func save(_ document: Document) {
        if document.id == nil { added.append(document) } else { updated.append(document) }
    }

    mutating func replaceBody(of document: Document, with body: [UInt8]) {
        replaced.append(Version(document: document, body: body))
    }

    /// Writes a new current version; the previous one becomes history, or goes when none is kept.
    mutating func begin(
        _ document: Document, body: [UInt8], after before: DocumentState, _ commit: RefreshCommit
    ) {
        if let id = document.id, before.version > 0 {
            if commit.keepsHistory || commit.keepsPrevious {
                ended.append((id, before.version, document.state.changedAt ?? commit.at))
                if !commit.keepsHistory { removed.append((id, 0, before.version - 1)) }
            } else {
                removed.append((id, before.version, before.version))
            }
        }
        begun.append(Version(document: document, body: body))
    }

    /// Everything, in the order in which it must be written.
    var statements: [PGStatement] {
        var all: [PGStatement] = []
        if !updated.isEmpty {
            all.append(
                PGStatement(
                    Self.updateSQL,
                    [.ints(updated.map(\.id))] + DocumentColumns.arrays(updated.map(\.state)) + [
                        .ints(updated.map { Int64($0.bytes) }), .bools(updated.map(\.isConfirmed)),
                    ]))
        }
        if !added.isEmpty {
            all.append(
                PGStatement(
                    Self.insertSQL,
                    [.ints(added.map(\.dataset)), .texts(added.map(\.key))]
                        + DocumentColumns.arrays(added.map(\.state)) + [.ints(added.map { Int64($0.bytes) })]))
        }
        if !replaced.isEmpty {
            all.append(
                PGStatement(
                    Self.replaceSQL,
                    [
                        .ints(replaced.map(\.document.id)), .ints(replaced.map { Int64($0.document.state.version) }),
                        .blobs(replaced.map(\.body)),
                    ]))
        }
        if !ended.isEmpty {
            all.append(
                PGStatement(
                    Self.endSQL,
                    [
                        .ints(ended.map(\.id)), .ints(ended.map { Int64($0.version) }),
                        .ints(ended.map(\.at.microseconds)),
                    ]))
        }
        if !removed.isEmpty {
            all.append(
                PGStatement(
                    Self.removeSQL,
                    [
                        .ints(removed.map(\.id)), .ints(removed.map { Int64($0.first) }),
                        .ints(removed.map { Int64($0.last) }),
                    ]))
        }
        if !begun.isEmpty {
            all.append(
                PGStatement(
                    Self.beginSQL,
                    [
                        .ints(begun.map(\.document.dataset)), .texts(begun.map(\.document.key)),
                        .ints(begun.map { Int64($0.document.state.version) }),
                        .ints(begun.map { $0.document.state.changedAt?.microseconds }),
                        .ints(begun.map { Int64($0.document.state.origin.code) }), .blobs(begun.map(\.body)),
                    ]))
        }
        return all
    }

    /// Another process added a document at the same moment: the transaction is done again, and finds it.
    static func raced(_ error: PGError) -> PGError? {
        guard error.sqlState == "23505", error.names.contains("table freshet_documents") else { return nil }
        return PGError(kind: .server, sqlState: "40001", message: "a document was added by another process")
    }

    private static let last = DocumentColumns.count + 2

    private static let updateSQL = """
        UPDATE freshet_documents d
        SET \(DocumentColumns.names.map { "\($0) = u.\($0)" }.joined(separator: ", ")), bytes = u.bytes,
            heat = CASE WHEN u.confirmed THEN 0 ELSE d.heat END, staleness_told = d.staleness_told AND NOT u.confirmed,
            written_by = pg_current_xact_id()
        FROM unnest($1::bigint[], \(DocumentColumns.parameters(from: 2)), $\(last)::bigint[], $\(last + 1)::boolean[])
            u(id, \(DocumentColumns.names.joined(separator: ", ")), bytes, confirmed)
        WHERE d.id = u.id
        """
    private static let insertSQL = """
        INSERT INTO freshet_documents (dataset, key, \(DocumentColumns.names.joined(separator: ", ")), bytes, staleness_told)
        SELECT *, false FROM unnest($1::bigint[], $2::text[], \(DocumentColumns.parameters(from: 3)), $\(last + 1)::bigint[])
        """
    private static let replaceSQL = """
        UPDATE freshet_versions v SET body = u.body FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) u(id, version, body)
        WHERE v.document_id = u.id AND v.version = u.version
        """
    private static let endSQL = """
        UPDATE freshet_versions v SET ended_at = u.at FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) u(id, version, at)
        WHERE v.document_id = u.id AND v.version = u.version
        """
    private static let removeSQL = """
        DELETE FROM freshet_versions v USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) u(id, first, last)
        WHERE v.document_id = u.id AND v.version BETWEEN u.first AND u.last
        """
    private static let beginSQL = """
        INSERT INTO freshet_versions (document_id, version, dataset, changed_at, origin, body)
        SELECT d.id, u.version, u.dataset, u.at, u.origin, u.body
        FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
            u(dataset, key, version, at, origin, body)
        JOIN freshet_documents d ON d.dataset = u.dataset AND d.key = u.key
        """
}
