import FreshetCore

/// The columns of `freshet_documents` that make up a `DocumentState`, in the order in which they are read and written.
enum DocumentColumns {
    static let names = [
        "presence", "version", "last_updated", "checked_at", "changed_at", "fresh_until", "content_hash", "body_hash",
        "etag", "last_modified", "content_type", "not_found_count", "failure_kind", "failure_message", "failure_at",
        "failure_status", "failure_count", "origin", "tables_mark",
    ]
    static let count = names.count

    /// `d.presence, d.version, …` for a SELECT.
    static let list = names.map { "d." + $0 }.joined(separator: ", ")

    /// Many states as arrays for `unnest`, in the order of ``names``.
    static func arrays(_ states: [DocumentState]) -> [PGValue] {
        [
            .ints(states.map { Int64($0.presence.code) }),
            .ints(states.map { Int64($0.version) }),
            .ints(states.map { $0.lastUpdated?.microseconds }),
            .ints(states.map { $0.checkedAt?.microseconds }),
            .ints(states.map { $0.changedAt?.microseconds }),
            .ints(states.map { $0.freshUntil?.microseconds }),
            .blobs(states.map(\.contentHash)),
            .blobs(states.map(\.bodyHash)),
            .texts(states.map(\.validators.etag)),
            .texts(states.map(\.validators.lastModified)),
            .texts(states.map(\.contentType)),
            .ints(states.map { Int64($0.consecutiveNotFound) }),
        ] + FailureColumns.arrays(states.map(\.failure)) + [
            .ints(states.map { Int64($0.origin.code) }),
            .ints(states.map(\.tablesMark)),
        ]
    }

    /// `$3::bigint[], …` for ``arrays(_:)`` from a parameter on.
    static func parameters(from first: Int) -> String {
        types.enumerated().map { "$\(first + $0.offset)::\($0.element)[]" }.joined(separator: ", ")
    }

    private static let types = [
        "bigint", "bigint", "bigint", "bigint", "bigint", "bigint", "bytea", "bytea", "text", "text", "text", "bigint",
        "text", "text", "bigint", "bigint", "bigint", "bigint", "bigint",
    ]
}

/// The five columns of a `FailureNote`.
enum FailureColumns {
    /// Kind, message, moment, status, count.
    static func arrays(_ notes: [FailureNote?]) -> [PGValue] {
        [
            .texts(notes.map { $0?.kind }),
            .texts(notes.map { $0?.message }),
            .ints(notes.map { $0?.at.microseconds }),
            .ints(notes.map { $0?.status.map { Int64($0) } }),
            .ints(notes.map { $0.map { Int64($0.count) } }),
        ]
    }
}

extension PGRow {
    /// Reads the state whose columns start at `first`.
    func documentState(from first: Int = 0) -> DocumentState {
        var state = DocumentState()
        state.presence = DocumentState.Presence(code: int(first))
        state.version = int(first + 1)
        state.lastUpdated = time(first + 2)
        state.checkedAt = time(first + 3)
        state.changedAt = time(first + 4)
        state.freshUntil = time(first + 5)
        state.contentHash = blob(first + 6)
        state.bodyHash = blob(first + 7)
        state.validators = Validators(etag: optionalText(first + 8), lastModified: optionalText(first + 9))
        state.contentType = text(first + 10)
        state.consecutiveNotFound = int(first + 11)
        state.failure = failureNote(from: first + 12)
        state.origin = Origin(code: int(first + 17))
        state.tablesMark = optionalInt64(first + 18)
        return state
    }

    func failureNote(from first: Int) -> FailureNote? {
        guard let kind = optionalText(first) else { return nil }
        return FailureNote(
            kind: kind, message: text(first + 1), at: Timestamp(microseconds: int64(first + 2)),
            status: optionalInt(first + 3), count: int(first + 4))
    }
}

/// The columns of `freshet_jobs` that make up a `RefreshJob`, in the order in which they are read.
enum JobColumns {
    static let names = [
        "id", "dataset", "key", "priority", "cause", "enqueued_at", "not_before", "attempts", "state", "heat",
        "finished_at", "error_kind", "error_message", "error_at", "error_status", "error_count",
    ]
    static let list = names.joined(separator: ", ")
    static let error = 11
    /// Where the first column after those of a job stands.
    static let count = names.count
}

extension PGRow {
    /// Reads the job whose columns start at 0; `dataset` turns the interned number into a name.
    func job(_ dataset: (Int64) throws -> DatasetID) throws -> RefreshJob {
        RefreshJob(
            id: int64(0), document: DocumentID(dataset: try dataset(int64(1)), key: text(2)),
            priority: Priority(rawValue: int(3)) ?? .low, cause: text(4),
            enqueuedAt: Timestamp(microseconds: int64(5)), notBefore: Timestamp(microseconds: int64(6)),
            attempts: int(7), state: RefreshJob.State(code: int(8)), heat: int(9),
            lastError: failureNote(from: JobColumns.error), finishedAt: time(10))
    }
}
