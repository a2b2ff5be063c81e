/// What Redis tells of itself.
public struct RedisHealth: Sendable, Hashable {
    /// Its version, such as `7.0.15`.
    public var version: String
    /// Bytes in use.
    public var usedMemory: Int
    /// The most it may use; 0 is no limit.
    public var memoryLimit: Int
    /// What it does when the memory is full.
    public var evictionPolicy: String
    /// Whether each change is appended to a file.
    public var appendsToFile: Bool
    /// Whether the last snapshot was written, and when in seconds since 1970; `nil` when it never was.
    public var lastSnapshot: (succeeded: Bool, at: Int)? {
        snapshotAt > 0 ? (snapshotSucceeded, snapshotAt) : nil
    }
    /// Clients connected now.
    public var clients: Int

    private var snapshotAt: Int
    private var snapshotSucceeded: Bool
    private var appendSucceeded: Bool

    /// Reads the answer to `INFO`.
    init(info: String) {
        var fields: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        let number = { (name: Substring) in fields[name].flatMap { Int($0) } ?? 0 }
        version = fields["redis_version"].map(String.init) ?? "unknown"
        usedMemory = number("used_memory")
        memoryLimit = number("maxmemory")
        evictionPolicy = fields["maxmemory_policy"].map(String.init) ?? "unknown"
        appendsToFile = number("aof_enabled") == 1
        clients = number("connected_clients")
        snapshotAt = number("rdb_last_save_time")
        snapshotSucceeded = fields["rdb_last_bgsave_status"] != "err"
        appendSucceeded = fields["aof_last_write_status"] != "err"
    }

    /// What an operator should know, worst first; empty when all is well.
    public var warnings: [String] {
        var found: [String] = []
        if appendsToFile, !appendSucceeded { found.append("Redis cannot write its append-only file; see its log") }
        if !snapshotSucceeded { found.append("Redis could not write its last snapshot; see its log") }
        if memoryLimit > 0, evictionPolicy != "noeviction" {
            found.append(
                "Redis may evict keys (maxmemory-policy \(evictionPolicy)); jobs could leave the line unseen: set noeviction"
            )
        }
        if memoryLimit > 0, usedMemory > memoryLimit / 10 * 9 {
            found.append("Redis uses \(usedMemory >> 20) of \(memoryLimit >> 20) MiB; raise maxmemory")
        }
        if !appendsToFile {
            found.append(
                "Redis keeps no append-only file: after a restart of it the line is filled anew from the store; set appendonly yes"
            )
        }
        return found
    }
}
