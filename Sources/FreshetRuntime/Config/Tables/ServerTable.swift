import FreshetCore

/// The `server:` section.
enum ServerTable {
    static let section = Section<ServerConfig>(
        "server", at: "server", doc: "The listening side.", example: "{ listen: \"127.0.0.1:8080\" }",
        defaults: ServerConfig(),
        keys: [
            Key(
                "listen", \.listen, .listen, synonyms: ["port", "host", "address", "bind"],
                "The address and port to bind. Port 0 lets the system choose; `0.0.0.0` listens on every network."),
            Key(
                "reads", \.reads, .choice("who may read"), synonyms: ["read", "auth"],
                "Who may read: everyone (`open`), or only holders of a token of role reader or better (`token`)."),
            Key(
                "memory", \.memory, .size((1 << 20)...(1 << 40)), synonyms: ["cache", "cache_size", "max_memory"],
                "How much memory may hold encoded answers."),
            Key(
                "unknown_keys_per_minute", \.unknownKeysPerMinute, .integer(0...1_000_000),
                "How many keys that were never fetched one client may queue per minute."),
            Key(
                "threads", \.threads, .integer(0...1024), synonyms: ["workers"],
                "Event loop threads; 0 means one per core."),
        ])
}

/// The `logs:` section.
enum LogTable {
    static let section = Section<LogConfig>(
        "logs", at: "logs", doc: "Where logs go, besides standard error.", example: "{ level: info }",
        defaults: LogConfig(),
        keys: [
            Key(
                "level", \.level, .choice("a level", ["debug", "info", "warning", "error"].map { ($0, $0) }) { $0 },
                synonyms: ["verbosity"], "The least severe records that are written."),
            Key(
                "file", \.file, .optional(.text("path", example: "logs/freshet.log")), synonyms: ["path"],
                "A file to write to as well. A relative path starts at the folder of this file."),
            Key(
                "rotate_size", \.rotateBytes, .size((64 << 10)...(1 << 40)), synonyms: ["max_size", "rotate"],
                "The size at which the file is rotated."),
            Key(
                "keep_files", \.keepFiles, .integer(0...1000), synonyms: ["max_files", "backups"],
                "How many rotated files are kept."),
            Key(
                "reads", \.reads, .optional(.text("path", example: "reads.ndjson")), defaultWords: "none",
                synonyms: ["reads_log", "read_log"],
                "A file that reads are written to, by key and half minute, for `freshet simulate`; rotated like the other. "
                    + "Relative to the configuration file."),
        ])
}

/// Who may read documents.
enum ReadAccess: String, Sendable, CaseIterable {
    case open, token
}

/// An address and a port.
struct ListenAddress: Sendable, Hashable {
    var host: String
    var port: Int
}

extension ServerConfig {
    var listen: ListenAddress {
        get { ListenAddress(host: host, port: port) }
        set { (host, port) = (newValue.host, newValue.port) }
    }

    var reads: ReadAccess {
        get { readsNeedToken ? .token : .open }
        set { readsNeedToken = newValue == .token }
    }
}

extension Kind where Value == ListenAddress {
    static var listen: Kind {
        Kind(type: .text("address:port", pattern: "^.*:[0-9]+$")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "an address and a port such as \"127.0.0.1:8080\"")
                return nil
            }
            if let port = Int(scalar.text), (0...65_535).contains(port) {
                let example = scalar.origin == .literal ? scalar.text : "8080"
                reading.problem(node, "\(node.found) has no address: write \"127.0.0.1:\(example)\"")
                return nil
            }
            guard let (host, port) = URLText.split(authority: scalar.text[...]), let port else {
                reading.problem(node, "\(node.found) is not an address and a port: write it such as \"127.0.0.1:8080\"")
                return nil
            }
            return ListenAddress(host: host, port: port)
        } show: {
            .text($0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)")
        }
    }
}
