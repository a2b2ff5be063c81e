import FreshetCore

/// The file as a whole, before names are resolved.
struct RootDraft: Sendable {
    var dataDirectory = "./data"
    var store = StoreLocation.sqlite
    var coordinator = CoordinatorLocation.local
    var queue = QueueDraft()
    var server = ServerConfig()
    var logs = LogConfig()
    var sources: [Named<SourceDraft>] = []
    var datasets: [Named<DatasetDraft>] = []
    var destinations: [Named<DestinationDraft>] = []
    var webhooks: [Named<WebhookDraft>] = []
    var apps = AppsDraft()
    var rootApp: String?
    var place = Place()

    /// The keys that stand in the file and that the environment could set as well.
    var given: Set<String> {
        Set(place.keys.keys).union(queue.place.keys.keys.map { "queue.\($0)" })
    }
}

/// The top of `freshet.yaml`.
enum RootTable {
    static let section = Section<RootDraft>(
        "freshet", at: "freshet.yaml",
        doc: "The whole file. Keys that start with `x-` are left alone: keep anchors there.",
        example: "sources: { usgs: { base_url: \"https://earthquake.usgs.gov/earthquakes/feed/v1.0\" } }",
        defaults: RootDraft(), place: \.place, allowsExtensions: true, keepsPartial: true,
        keys: [
            Key(
                "data_dir", \.dataDirectory, .text("path", example: "./data"),
                synonyms: ["data", "directory", "datadir"],
                "Where the store, its lock and the discovery file live. A relative path starts at the folder of this file."
            ),
            Key(
                "store", \.store, .store, synonyms: ["database", "db", "storage"],
                "Where documents are kept. `sqlite` is one file in `data_dir`; `postgres://user@host/db` a PostgreSQL database that several processes may share; `memory` forgets everything at exit."
            ),
            Key(
                "coordinator", \.coordinator, .coordinator, synonyms: ["redis"],
                "What stands in front of a PostgreSQL store for speed: `local` is nothing, `redis://host:6379/0` holds the line of jobs, the limits of all processes and their news. Losing it loses nothing."
            ),
            Key("queue", \.queue, QueueTable.section.kind, synonyms: ["refresh_queue"], "How the queue is kept up."),
            Key("server", \.server, ServerTable.section.kind, synonyms: ["http", "listen"], "The listening side."),
            Key("logs", \.logs, LogTable.section.kind, synonyms: ["log", "logging"], "Where logs go."),
            Key(
                "sources", \.sources,
                .map(of: SourceTable.section.kind, named: "source", pattern: ConfigName.pattern) {
                    ConfigName.checkSource($0, &$1)
                }, synonyms: ["source", "upstreams", "apis"],
                "The upstream APIs by name. A name is `[a-z][a-z0-9_-]*` and appears in paths, metrics and logs."),
            Key(
                "datasets", \.datasets,
                .map(of: DatasetTable.section.kind, named: "source.name", pattern: ConfigName.datasetPattern) {
                    ConfigName.checkDataset($0, &$1)
                }, synonyms: ["dataset", "endpoints", "resources"],
                "The kinds of documents by `source.name`, each answered at `/v1/{source}/{name}/{key}`."),
            Key(
                "destinations", \.destinations,
                .map(of: DestinationTable.section.kind, named: "destination", pattern: ConfigName.pattern) {
                    ConfigName.checkSource($0, &$1)
                }, synonyms: ["destination", "warehouses"], "Warehouses that rows are sent to, by name."),
            Key(
                "webhooks", \.webhooks,
                .map(of: WebhookTable.section.kind, named: "webhook", pattern: ConfigName.pattern) {
                    ConfigName.checkSource($0, &$1)
                }, synonyms: ["webhook", "hooks", "notify"], "Endpoints that events are sent to, by name."),
            Key(
                "apps", \.apps, AppsTable.section.kind, defaultWords: "none", synonyms: ["app", "applications"],
                "Applications on top: ready sources, datasets, tables, reports and routes."),
            Key(
                "root_app", \.rootApp, .optional(.choice("an app", AppsTable.names.map { ($0, $0) }) { $0 }),
                defaultWords: "none", "The app whose routes stand at `/` as well as below `/apps/`."),
        ])
}

/// Names of sources and datasets.
enum ConfigName {
    static let pattern = "^[a-z][a-z0-9_-]*$"
    static let datasetPattern = "^[a-z][a-z0-9_-]*\\.[a-z][a-z0-9_-]*$"
    /// Words that the routes under `/v1/` already use.
    static let reserved: Set = ["tables", "refresh", "jobs", "why", "events", "ws", "query"]

    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    static func checkSource(_ entry: ConfigEntry, _ reading: inout Reading) -> Bool {
        guard isName(entry.key) else {
            reading.problem(
                entry.mark, entry.value.path,
                "\"\(entry.key)\" is not a name: begin with a small letter, then a-z, 0-9, _ or -\(example(entry.key))")
            return false
        }
        guard !reserved.contains(entry.key) else {
            reading.problem(
                entry.mark, entry.value.path,
                "the name \"\(entry.key)\" is taken by the route /v1/\(entry.key); write another, such as \(entry.key)_api"
            )
            return false
        }
        return true
    }

    static func checkDataset(_ entry: ConfigEntry, _ reading: inout Reading) -> Bool {
        let parts = entry.key.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ isName($0) }) { return true }
        reading.problem(
            entry.mark, entry.value.path,
            "\"\(entry.key)\" is not the name of a dataset: write source.name in small letters, such as clash.clan")
        return false
    }

    private static func example(_ name: String) -> String {
        let fixed = String(name.lowercased().map { isName("a\($0)") ? $0 : "_" })
        return isName(fixed) ? ", such as \(fixed)" : ""
    }
}
