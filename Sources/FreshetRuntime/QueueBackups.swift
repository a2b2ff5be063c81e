public import FreshetCore
public import FreshetEngine
import FreshetServer
import Glibc
import Logging
import ServiceLifecycle

/// The folder of queue backups: names that tell the time in UTC, whole files only, and nothing secret in them.
public struct QueueBackups: Sendable {
    /// Where they are, an absolute path.
    public let directory: String
    private let configuration: QueueConfig
    private let clock: any FreshetClock

    /// Looks after a folder; it is made when the first backup is written.
    public init(directory: String, configuration: QueueConfig, clock: any FreshetClock = SystemClock()) {
        (self.directory, self.configuration, self.clock) = (directory, configuration, clock)
    }

    /// Why a backup could not be written.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, and what to do.
        public let description: String
    }

    /// A name for a backup of this moment, different each time.
    func name(at moment: Timestamp) -> String {
        let time = moment.rfc3339.filter { $0 != "-" && $0 != ":" }
        return "queue-\(time)-\(String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)).ndjson"
    }

    /// When a backup of this name was taken; `nil` for other files.
    static func moment(of name: String) -> Timestamp? {
        let parts = name.split(separator: "-")
        guard parts.count == 3, parts[0] == "queue", parts[2].hasSuffix(".ndjson") else { return nil }
        let text = Array(parts[1])
        guard text.count > 15, text[8] == "T", text.last == "Z" else { return nil }
        func part(_ range: Range<Int>) -> String { String(text[range]) }
        return Timestamp(
            rfc3339:
                "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<text.count))"
        )
    }

    /// The backups there are, oldest first.
    public func all() -> [(path: String, moment: Timestamp)] {
        guard let folder = opendir(directory) else { return [] }
        defer { closedir(folder) }
        var found: [(path: String, moment: Timestamp)] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let moment = QueueBackups.moment(of: name) { found.append(("\(directory)/\(name)", moment)) }
        }
        return found.sorted { $0.moment < $1.moment }
    }

    /// Writes a backup under a name of its own; the file appears when it is complete.
    ///
    /// - Returns: Its path.
    /// - Throws: ``Failure``.
    public func write(_ text: String) throws(Failure) -> String {
        let path = "\(directory)/\(name(at: clock.now()))"
        var partial = ""
        for part in directory.split(separator: "/") {
            partial += "/" + part
            if mkdir(partial, 0o700) != 0, errno != EEXIST { throw failure(directory) }
        }
        let draft = "\(path).part"
        let descriptor = Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(draft) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        let isWhole = rest.isEmpty && fsync(descriptor) == 0
        let problem = isWhole ? nil : failure(draft)
        Glibc.close(descriptor)
        if let problem {
            unlink(draft)
            throw problem
        }
        guard rename(draft, path) == 0 else {
            let problem = failure(path)
            unlink(draft)
            throw problem
        }
        return path
    }

    /// Removes backups that were taken before the time for which they are kept; the newest always stays.
    ///
    /// - Returns: How many were removed.
    public func removeOld() -> Int {
        let before = clock.now() - configuration.backupKeep.approximate
        return all().dropLast().filter { $0.moment < before }.count { unlink($0.path) == 0 }
    }

    private func failure(_ path: String) -> Failure {
        Failure(
            description:
                "\(path) cannot be written (\(String(cString: strerror(errno)))); set queue.backup_dir to a folder "
                + "that can be written")
    }
}

/// Backs the queue up by itself, in one process of a deployment.
struct BackupService: Service, CustomStringConvertible {
    let backups: QueueBackups
    let engine: Engine
    let logger: Logger
    var description: String { "Backups" }

    func run() async throws {
        await cancelWhenGracefulShutdown { await engine.duties.whileHeld("backups") { await work() } }
    }

    @Sendable private func work() async {
        let clock = SystemClock()
        let every = engine.configuration.queue.backupEvery.approximate
        while !Task.isCancelled {
            // After a restart, or in other hands, the rhythm goes on.
            let now = clock.now()
            let last = backups.all().last { $0.moment <= now }?.moment
            let due = last.map { $0 + every } ?? now
            if due > now {
                try? await clock.sleep(for: min(due - now, .seconds(60)))
                continue
            }
            do {
                let (text, jobs) = try await QueueBackupText.make(engine.store, now: now)
                let path = try backups.write(text)
                let removed = backups.removeOld()
                logger.info("the queue was backed up: \(jobs) jobs in \(path)", metadata: ["removed": "\(removed)"])
            } catch {
                logger.error("the queue could not be backed up: \(error)")
                try? await clock.sleep(for: .seconds(60))
            }
        }
    }
}
