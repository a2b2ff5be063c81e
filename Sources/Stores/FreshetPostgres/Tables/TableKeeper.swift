import FreshetCore
import Synchronization

/// Writes the rows of documents in the transactions of their commits.
///
/// ## Locks
///
/// Writers of rows hold PostgreSQL's own `ROW EXCLUSIVE` lock on the tables of their dataset and then compare
/// `freshet_table_mark` with what they planned by; so nobody changes a schema under them, and who planned by an old one plans
/// again. Who changes a schema holds the row of that mark first and has no lock on any table by then. Locks that a
/// transaction needs for its second and later documents are only tried: when one is not free, the documents are written one
/// by one instead. So no two transactions ever wait for each other.
final class TableKeeper: RowWriter {
    /// What a transaction has done so far.
    struct Course {
        /// PostgreSQL's number of it.
        var transaction: Int64
        var documents = 0
        /// Whether it changed schemas, which nobody else can see yet.
        var changesSchemas = false
        /// Shapes that it gave numbers to.
        var shapes: [[UInt8]: Int64] = [:]
    }

    let memory = TableMemory()
    private let courses = Mutex<[ObjectIdentifier: Course]>([:])

    init() {}

    func write(_ commit: TableCommit, to target: RowTarget, on connection: PGConnection) throws -> RowResult {
        let session = TableSession(connection, self)
        return try session.apply(commit, to: target)
    }

    func didEnd(committed: Bool, on connection: PGConnection) {
        let course = courses.withLock { $0.removeValue(forKey: ObjectIdentifier(connection)) }
        if committed, let course, !course.shapes.isEmpty { memory.remember(shapes: course.shapes) }
    }

    /// The course of a connection's transaction; a new one when the number is new.
    func course(of connection: PGConnection, transaction: Int64) -> Course {
        courses.withLock { courses in
            let id = ObjectIdentifier(connection)
            if let known = courses[id], known.transaction == transaction { return known }
            let made = Course(transaction: transaction)
            courses[id] = made
            return made
        }
    }

    func setCourse(_ course: Course, of connection: PGConnection) {
        courses.withLock { $0[ObjectIdentifier(connection)] = course }
    }
}

extension StoreError {
    /// A document's rows cannot be written beside others of the same transaction; alone they can.
    static let needsOwnTransaction = StoreError.cannotWrite("rows of several documents would wait for each other")
}
