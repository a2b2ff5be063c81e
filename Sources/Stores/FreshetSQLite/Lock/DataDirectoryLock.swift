import FoundationEssentials
public import FreshetCore
import Glibc
import Synchronization

/// The right to be the only process that works in a data directory.
///
/// An exclusive `flock` on `freshet.lock`, which the kernel takes back when the process ends in any way, `kill -9` included.
/// The file holds a line of JSON about its holder, so that a command can say who it is, or talk to it.
public final class DataDirectoryLock: Sendable {
    /// Who holds a data directory.
    public struct Holder: Sendable, Hashable, Codable {
        /// Its process.
        public var pid: Int32
        /// Where it serves; `nil` until it listens, or when it is a command.
        public var url: String?
        /// When it took the lock, RFC 3339.
        public var startedAt: String
        /// Opens the holder's interface to commands of the directory's owner, who alone can read the file; it dies with
        /// the process.
        public var controlToken: String?

        enum CodingKeys: String, CodingKey {
            case pid, url
            case startedAt = "started_at"
            case controlToken = "control_token"
        }

        /// Creates a description of a holder.
        public init(pid: Int32, url: String?, startedAt: String, controlToken: String? = nil) {
            (self.pid, self.url, self.startedAt, self.controlToken) = (pid, url, startedAt, controlToken)
        }
    }

    private struct State {
        var descriptor: Int32?
        var holder: Holder
    }

    private let state: Mutex<State>

    private init(descriptor: Int32, holder: Holder) {
        state = Mutex(State(descriptor: descriptor, holder: holder))
    }

    deinit { release() }

    /// Takes the lock of a directory, which is made when missing.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - now: The present moment, shown to others as the start.
    /// - Returns: The lock; it is given back with the last reference to it, too.
    /// - Throws: `LockHeld.held` with the holder, or `LockHeld.unusable` when the lock file cannot be made.
    public static func acquire(directory: String, now: Timestamp) throws(LockHeld) -> DataDirectoryLock {
        do {
            try StoreFile(directory: directory).prepareDirectory()
        } catch {
            throw .unusable(directory: directory, reason: error.description)
        }
        let descriptor = Glibc.open(path(directory), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusable(directory: directory, reason: String(cString: strerror(errno)))
        }
        guard lock(descriptor) else {
            let holder = read(descriptor)
            Glibc.close(descriptor)
            throw .held(directory: directory, by: holder)
        }
        let holder = Holder(pid: getpid(), url: nil, startedAt: now.rfc3339)
        let lock = DataDirectoryLock(descriptor: descriptor, holder: holder)
        write(holder, to: descriptor)
        return lock
    }

    /// Tells others where the holder serves, such as `http://127.0.0.1:8080`, and with which token its owner may command.
    public func publish(url: String, controlToken: String? = nil) {
        state.withLock { state in
            guard let descriptor = state.descriptor else { return }
            state.holder.url = url
            state.holder.controlToken = controlToken
            Self.write(state.holder, to: descriptor)
        }
    }

    /// Gives the lock back; further calls do nothing.
    public func release() {
        state.withLock { state in
            guard let descriptor = state.descriptor else { return }
            // The file stays: removing it would let two processes hold locks on two files of the same name.
            ftruncate(descriptor, 0)
            Glibc.close(descriptor)
            state.descriptor = nil
        }
    }

    /// Who holds a directory; `nil` when nobody does.
    ///
    /// The answer may be old by the time it is read: take the lock before writing anything.
    public static func holder(directory: String) -> Holder? {
        let descriptor = Glibc.open(path(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return read(descriptor) ?? Holder(pid: 0, url: nil, startedAt: "")
    }

    private static func path(_ directory: String) -> String { directory + "/freshet.lock" }

    /// Tries for 0.1 s, because ``holder(directory:)`` of another process holds a shared lock for a moment.
    private static func lock(_ descriptor: Int32) -> Bool {
        for attempt in 0..<10 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if attempt < 9 { usleep(10_000) }
        }
        return false
    }

    private static func read(_ descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return try? JSONDecoder().decode(Holder.self, from: Data(bytes.prefix(count)))
    }

    private static func write(_ holder: Holder, to descriptor: Int32) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(holder) else { return }
        // Written in one piece over the old text, then cut: a reader never finds an empty file in between.
        let bytes = [UInt8](line) + [UInt8(ascii: "\n")]
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { return }
        ftruncate(descriptor, off_t(bytes.count))
    }
}

/// Why the lock of a data directory could not be taken.
public enum LockHeld: Error, CustomStringConvertible, Sendable, Equatable {
    /// Another process has it; `by` is `nil` when it has not yet said who it is.
    case held(directory: String, by: DataDirectoryLock.Holder?)
    /// The lock file cannot be made or opened.
    case unusable(directory: String, reason: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .held(let directory, let holder?):
            "\(directory) is in use by process \(holder.pid)"
                + (holder.url.map { ", which serves \($0)" } ?? "")
                + ", since \(holder.startedAt); talk to it, stop it, or use another data_dir"
        case .held(let directory, nil):
            "\(directory) is in use by another process; stop it, or use another data_dir"
        case .unusable(let directory, let reason): "\(directory) cannot be locked (\(reason)); mend its permissions"
        }
    }
}
