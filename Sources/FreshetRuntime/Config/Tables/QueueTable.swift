import FreshetCore

/// The `queue:` section, and which of its keys were given.
struct QueueDraft: Sendable {
    var config = QueueConfig()
    var place = Place()
}

/// The `queue:` section.
enum QueueTable {
    static let section = Section<QueueDraft>(
        "queue", at: "queue", doc: "How the queue is kept up.", example: "{ backup_dir: backups }",
        defaults: QueueDraft(), place: \.place,
        keys: [
            Key(
                "auto_refresh", \.config.autoRefresh, .boolean, synonyms: ["auto", "enabled"],
                "Whether stale reads and schedules enqueue refreshes. Off, only what people ask for is refreshed."),
            Key(
                "backup_dir", \.config.backupDirectory, .optional(.text("path", example: "backups")),
                defaultWords: "none",
                synonyms: ["backups", "backup"],
                "Where the queue is backed up by itself. A relative path starts at the folder of this file."),
            Key(
                "backup_every", \.config.backupEvery, .period(atLeast: .seconds(60)), synonyms: ["backup_interval"],
                "The time between two backups."),
            Key(
                "backup_keep", \.config.backupKeep, .period(atLeast: .seconds(3600)),
                synonyms: ["backup_retention", "retention"],
                "How long backups are kept, by the time in their names."),
        ])
}

extension StoreLocation {
    /// Whether several processes may work on it.
    var isShared: Bool { if case .postgres = self { true } else { false } }
}
