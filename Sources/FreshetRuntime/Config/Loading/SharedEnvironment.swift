import FreshetCore

/// Environment variables that say where store, coordinator and backups are; a key in the file wins over them.
///
/// `DATABASE_URL` and `REDIS_URL` are names that many programs use: they count only where the application is declared that used
/// them before.
enum SharedEnvironment {
    /// What was changed, a sentence each, without addresses: they may hold passwords.
    ///
    /// `given`: the keys that stand in the file, by section: `store`, `coordinator`.
    static func apply(
        _ environment: [String: String], given: Set<String>, to configuration: inout Configuration, directory: String,
        reading: inout Reading
    ) -> [String] {
        var notes: [String] = []
        func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let isClash =
            configuration.sources.contains { $0.name == "clash" }
            || configuration.apps.contains { type(of: $0).name == "clash" }
        if isClash, !given.contains("store"), let url = text("DATABASE_URL") {
            if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
                configuration.store = .postgres(Secret(url))
                notes.append("DATABASE_URL sets store")
            } else {
                reading.problem(
                    inFile: "environment", "DATABASE_URL",
                    "must be postgres://user@host/db; for SQLite write store: sqlite in the file")
            }
        }
        if isClash, !given.contains("coordinator"), let url = text("REDIS_URL"), configuration.store.isShared {
            if url.hasPrefix("redis://") || url.hasPrefix("rediss://") {
                configuration.coordinator = .redis(Secret(url))
                notes.append("REDIS_URL sets coordinator")
            } else {
                reading.problem(inFile: "environment", "REDIS_URL", "must be redis://host:6379/0, or rediss:// for TLS")
            }
        }
        if let path = text("QUEUE_BACKUP_DIR"), !given.contains("queue.backup_dir") {
            configuration.queue.backupDirectory = ConfigPaths.absolute(path, in: directory)
            notes.append("QUEUE_BACKUP_DIR sets queue.backup_dir")
        }
        if let days = text("QUEUE_BACKUP_RETENTION_DAYS"), !given.contains("queue.backup_keep") {
            if let days = Int(days), (1...3650).contains(days) {
                configuration.queue.backupKeep = Period(days: days)
                notes.append("QUEUE_BACKUP_RETENTION_DAYS sets queue.backup_keep to P\(days)D")
            } else {
                reading.problem(
                    inFile: "environment", "QUEUE_BACKUP_RETENTION_DAYS",
                    "must be a whole number of days from 1 to 3650")
            }
        }
        if let text = text("DISABLE_AUTO_REFRESH_QUEUE"), !given.contains("queue.auto_refresh") {
            switch text.lowercased() {
            case "true", "1", "yes", "on":
                configuration.queue.autoRefresh = false
                notes.append("DISABLE_AUTO_REFRESH_QUEUE switches automatic refreshes off")
            case "false", "0", "no", "off": break
            default:
                reading.problem(inFile: "environment", "DISABLE_AUTO_REFRESH_QUEUE", "must be true or false")
            }
        }
        return notes
    }
}
