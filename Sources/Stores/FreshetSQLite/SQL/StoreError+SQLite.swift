import FreshetCore
import GRDB

extension StoreError {
    /// The store's word for what SQLite or GRDB threw.
    ///
    /// SQLite's own messages name tables and columns, never values.
    init(_ error: any Error, writing: Bool) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .unavailable("\(type(of: error))")
            return
        }
        let text = "\(error.message ?? "no message") [SQLite \(error.extendedResultCode.rawValue)]"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(text)
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CONSTRAINT, .SQLITE_TOOBIG: self = .cannotWrite(text)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM: self = writing ? .cannotWrite(text) : .unavailable(text)
        default: self = .unavailable(text)
        }
    }
}
