/// Why the store could not do what was asked.
public enum StoreError: Error, CustomStringConvertible, Sendable, Equatable {
    /// Another worker holds the job now, or it is finished: nothing was written.
    case fenced(jobID: Int64)
    /// The disk is full or not writable: nothing was written, a later try may succeed.
    case cannotWrite(String)
    /// The file is damaged.
    case corrupt(String)
    /// The store is closed or cannot be reached; a later try may succeed.
    case unavailable(String)
    /// The store was written by a newer Freshet.
    case newerSchema(found: String)
    /// The question or wish cannot be met as it stands; the text says what is wrong with it.
    case refused(String)

    /// Whether the same call may succeed later.
    public var isRetryable: Bool {
        switch self {
        case .cannotWrite, .unavailable: true
        case .fenced, .corrupt, .newerSchema, .refused: false
        }
    }

    /// What happened, what Freshet does next, and what to do.
    public var description: String {
        switch self {
        case .fenced(let id):
            "job \(id) is in other hands by now; this result was dropped and nothing was written"
        case .cannotWrite(let why):
            "the store cannot be written (\(why)); reads go on from the last good copy; free space or mend permissions"
        case .corrupt(let why):
            "the store is damaged (\(why)); it is set aside, never emptied; restore a backup or start with a new one"
        case .unavailable(let why): "the store cannot be reached (\(why)); Freshet tries again"
        case .newerSchema(let found):
            "the store was written by a newer Freshet (it has the migration \(found)); use that version or newer"
        case .refused(let why): why
        }
    }
}
