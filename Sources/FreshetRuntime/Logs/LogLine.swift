import FreshetCore
import FreshetDocument
import Glibc
import Logging

/// One log line, as JSON for machines or as text for a terminal.
enum LogLine {
    /// The metadata keys that stand first, in this order; others follow by name.
    static let order = [
        "component", "source", "dataset", "key", "job_id", "attempt", "priority", "key_id", "http_status",
        "duration_ms", "rows", "error", "request_id",
    ]

    static func json(
        at: Timestamp, level: Logger.Level, message: String, label: String, metadata: Logger.Metadata
    ) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("ts")
        writer.string(at.rfc3339)
        writer.key("level")
        writer.string(level.rawValue)
        writer.key("msg")
        writer.string(message)
        for (name, value) in sorted(metadata) {
            writer.key(name)
            if let number = Int(value), numeric.contains(name) { writer.int(number) } else { writer.string(value) }
        }
        if metadata["component"] == nil {
            writer.key("component")
            writer.string(label)
        }
        writer.key("pid")
        writer.int(Int(getpid()))
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func text(
        at: Timestamp, level: Logger.Level, message: String, label: String, metadata: Logger.Metadata
    ) -> String {
        let time = CivilDate(at)
        let clock = [time.hour, time.minute, time.second].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        let fields = sorted(metadata).map { " \($0.0)=\(oneLine($0.1))" }.joined()
        return "\(clock) \(level.rawValue.uppercased()) \(oneLine(message))\(fields)"
    }

    private static let numeric: Set<String> = ["job_id", "attempt", "http_status", "duration_ms", "rows"]

    private static func sorted(_ metadata: Logger.Metadata) -> [(String, String)] {
        metadata.map { ($0.key, "\($0.value)") }.sorted { a, b in
            let (i, j) = (order.firstIndex(of: a.0) ?? order.count, order.firstIndex(of: b.0) ?? order.count)
            return i == j ? a.0 < b.0 : i < j
        }
    }

    /// Control characters could forge lines or move the cursor of a terminal.
    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
    }
}
