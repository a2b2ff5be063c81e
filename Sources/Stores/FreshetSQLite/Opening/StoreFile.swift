import FreshetCore
import Glibc

/// The database file and its companions, seen as files.
struct StoreFile: Sendable {
    static let name = "freshet.sqlite"

    let directory: String

    var path: String { directory + "/" + Self.name }

    /// What lies there before SQLite touches it.
    struct Found {
        /// Whether there is no database yet.
        var isEmpty: Bool
        /// Whether a write-ahead log with content is there: the last process did not close the store.
        var hasLog: Bool
        /// Size of the file.
        var bytes: Int
    }

    /// Makes the directory, readable by its owner only.
    func prepareDirectory() throws(StoreError) {
        var made = ""
        for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "" : String(part)
            if !made.isEmpty, mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR, access(made, F_OK) != 0 {
                throw .cannotWrite("the directory \(directory) cannot be made: \(Self.reason())")
            }
            made += "/"
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw .cannotWrite("the directory \(directory) is not writable: \(Self.reason())")
        }
    }

    /// Looks at sizes and at the header.
    func inspect() throws(StoreError) -> Found {
        let bytes = try size(of: path) ?? 0
        let log = try size(of: path + "-wal") ?? 0
        if bytes > 0 { try checkHeader(bytes: bytes) }
        return Found(isEmpty: bytes == 0 && log == 0, hasLog: log > 0, bytes: bytes)
    }

    /// Makes an empty file with narrow permissions, which SQLite copies to the companions; it holds tokens and data.
    func create() throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotWrite("\(path) cannot be opened for writing: \(Self.reason())") }
        Glibc.close(descriptor)
    }

    /// Renames the file and its companions beside themselves; nothing is ever overwritten.
    ///
    /// - Returns: The new path of the database file.
    func setAside(at now: Timestamp) throws(StoreError) -> String {
        let stamp = now.rfc3339.filter { $0 != "-" && $0 != ":" }
        var (target, attempt) = ("\(path).corrupt-\(stamp)", 1)
        while access(target, F_OK) == 0 {
            attempt += 1
            target = "\(path).corrupt-\(stamp)-\(attempt)"
        }
        for suffix in ["-wal", "-shm", ""] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, target + suffix) == 0 else {
                throw .cannotWrite("the damaged file \(path)\(suffix) cannot be renamed: \(Self.reason())")
            }
        }
        return target
    }

    private func size(of path: String) throws(StoreError) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .unavailable("\(path) cannot be looked at: \(Self.reason())")
        }
        return Int(status.st_size)
    }

    /// Checks the first 100 bytes (SQLite file format, section 1.3), before SQLite takes an alien file for its own.
    private func checkHeader(bytes: Int) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unavailable("\(path) cannot be read: \(Self.reason())") }
        defer { Glibc.close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        guard pread(descriptor, &header, 100, 0) == 100 else { throw .corrupt("the file ends within its header") }
        guard header.prefix(16).elementsEqual("SQLite format 3\0".utf8) else {
            throw .corrupt("the file is not an SQLite database")
        }
        let size = Int(header[16]) << 8 | Int(header[17])
        guard size == 1 || (size >= 512 && size & (size - 1) == 0) else {
            throw .corrupt("the page size is impossible")
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
