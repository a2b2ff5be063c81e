import FreshetCore

/// The columns of `freshet_documents` that make up a `DocumentState`, in the order in which they are read and bound.
enum DocumentColumns {
    static let names = [
        "presence", "version", "last_updated", "checked_at", "changed_at", "fresh_until", "content_hash", "body_hash",
        "etag", "last_modified", "content_type", "not_found_count", "failure_kind", "failure_message", "failure_at",
        "failure_status", "failure_count", "origin", "tables_mark",
    ]
    static let count = CInt(names.count)

    /// `d.presence, d.version, …` for a SELECT.
    static let list = names.map { "d." + $0 }.joined(separator: ", ")
}

extension RawStatement {
    /// Reads the state whose columns start at `first`.
    func documentState(from first: CInt = 0) -> DocumentState {
        var state = DocumentState()
        state.presence = DocumentState.Presence(code: int(first))
        state.version = int(first + 1)
        state.lastUpdated = timestamp(first + 2)
        state.checkedAt = timestamp(first + 3)
        state.changedAt = timestamp(first + 4)
        state.freshUntil = timestamp(first + 5)
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

    /// Binds a state to the parameters that start at `first`.
    func bind(_ state: DocumentState, from first: CInt) {
        bind(state.presence.code, at: first)
        bind(state.version, at: first + 1)
        bind(state.lastUpdated, at: first + 2)
        bind(state.checkedAt, at: first + 3)
        bind(state.changedAt, at: first + 4)
        bind(state.freshUntil, at: first + 5)
        bind(state.contentHash, at: first + 6)
        bind(state.bodyHash, at: first + 7)
        bind(state.validators.etag, at: first + 8)
        bind(state.validators.lastModified, at: first + 9)
        bind(state.contentType, at: first + 10)
        bind(state.consecutiveNotFound, at: first + 11)
        bind(state.failure, from: first + 12)
        bind(state.origin.code, at: first + 17)
        bind(state.tablesMark, at: first + 18)
    }

    func failureNote(from first: CInt) -> FailureNote? {
        guard let kind = optionalText(first) else { return nil }
        return FailureNote(
            kind: kind, message: text(first + 1), at: Timestamp(microseconds: int64(first + 2)),
            status: optionalInt(first + 3), count: int(first + 4))
    }

    func bind(_ note: FailureNote?, from first: CInt) {
        bind(note?.kind, at: first)
        bind(note?.message, at: first + 1)
        bind(note?.at, at: first + 2)
        bind(note?.status, at: first + 3)
        bind(note?.count, at: first + 4)
    }

    func timestamp(_ index: CInt) -> Timestamp? { optionalInt64(index).map(Timestamp.init(microseconds:)) }

    func bind(_ moment: Timestamp?, at index: CInt) { bind(moment?.microseconds, at: index) }
}

/// The columns of `freshet_jobs` that make up a `RefreshJob`, in the order in which they are read.
enum JobColumns {
    static let list = """
        id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat, finished_at, error_kind, \
        error_message, error_at, error_status, error_count
        """
    static let error: CInt = 11
}

extension RawStatement {
    /// Reads the job whose columns start at 0; `datasets` turns the interned number into a name.
    func job(_ dataset: (Int64) throws -> DatasetID) throws -> RefreshJob {
        RefreshJob(
            id: int64(0), document: DocumentID(dataset: try dataset(int64(1)), key: text(2)),
            priority: Priority(rawValue: int(3)) ?? .low, cause: text(4),
            enqueuedAt: Timestamp(microseconds: int64(5)), notBefore: Timestamp(microseconds: int64(6)),
            attempts: int(7), state: RefreshJob.State(code: int(8)), heat: int(9),
            lastError: failureNote(from: JobColumns.error), finishedAt: timestamp(10))
    }
}
