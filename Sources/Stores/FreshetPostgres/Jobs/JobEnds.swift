import FreshetCore

/// Ends of jobs as arrays for one statement.
struct JobEnds {
    private(set) var count = 0
    private var ids: [Int64?] = []
    private var fences: [Int64?] = []
    private var attempts: [Int64?] = []
    private var states: [Int64?] = []
    private var moments: [Int64?] = []
    private var takenBack: [Int64?] = []
    private var finished: [Int64?] = []
    private var notes: [FailureNote?] = []

    mutating func add(_ lease: LeasedJob, _ end: JobEnd, now: Timestamp) {
        let (next, until, back, note) = Self.consequences(of: end, now: now)
        ids.append(lease.job.id)
        fences.append(lease.fence)
        attempts.append(Int64(lease.job.attempts))
        states.append(Int64(next.code))
        moments.append(until?.microseconds)
        takenBack.append(Int64(back))
        finished.append(next == .dead || next == .done ? now.microseconds : nil)
        notes.append(note)
        count += 1
    }

    /// The statement; each row that it gives is the place (from 1) of a job that was ended.
    ///
    /// A job that is leased here is ended by its own lease alone; one that is not, by a lease that was given elsewhere, if its
    /// fence is above every fence before. Either way the fence stays, and no lease ends a job twice.
    var statement: PGStatement {
        PGStatement(
            Self.sql,
            [
                .ints(ids), .ints(fences), .ints(attempts), .ints(states), .ints(moments), .ints(takenBack),
                .ints(finished),
            ] + FailureColumns.arrays(notes))
    }

    private static let sql = """
        UPDATE freshet_jobs j SET state = e.next, fence = e.fence, not_before = coalesce(e.moment, j.not_before),
            attempts = greatest(
                CASE WHEN j.state = 2 THEN j.attempts ELSE greatest(j.attempts, e.attempts) END - e.back, 0),
            finished_at = e.finished, lease_until = NULL,
            error_kind = CASE WHEN e.next = 4 THEN NULL ELSE coalesce(e.kind, j.error_kind) END,
            error_message = CASE WHEN e.next = 4 THEN NULL WHEN e.kind IS NULL THEN j.error_message ELSE e.message END,
            error_at = CASE WHEN e.next = 4 THEN NULL WHEN e.kind IS NULL THEN j.error_at ELSE e.at END,
            error_status = CASE WHEN e.next = 4 THEN NULL WHEN e.kind IS NULL THEN j.error_status ELSE e.status END,
            error_count = CASE WHEN e.next = 4 THEN NULL WHEN e.kind IS NULL THEN j.error_count ELSE e.count END
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[]) WITH ORDINALITY
            e(id, fence, attempts, next, moment, back, finished, kind, message, at, status, count, place)
        WHERE j.id = e.id AND j.state < 3
            AND CASE WHEN j.state = 2 THEN j.fence = e.fence ELSE j.fence < e.fence END
        RETURNING e.place
        """

    /// The state that follows, from when on, the tries that are given back, and the note that is kept.
    private static func consequences(
        of end: JobEnd, now: Timestamp
    ) -> (state: RefreshJob.State, until: Timestamp?, takenBack: Int, error: FailureNote?) {
        switch end {
        case .done: (.done, nil, 0, nil)
        case .retry(let moment, let error): (moment > now ? .waiting : .ready, moment, 0, error)
        case .park(let moment, let reason): (moment > now ? .waiting : .ready, moment, 1, reason)
        case .dead(let error): (.dead, nil, 0, error)
        }
    }
}
