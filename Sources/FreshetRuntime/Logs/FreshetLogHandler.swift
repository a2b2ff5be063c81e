import FreshetCore
import Glibc
public import Logging

/// Writes one line a message to standard error (JSON, or text when it is a terminal) and to a file when asked.
public struct FreshetLogHandler: LogHandler {
    /// Added to every message.
    public var metadata: Logger.Metadata = [:]
    /// Less severe messages are dropped.
    public var logLevel: Logger.Level
    private let label: String
    private let asText: Bool
    private let file: LogFile?
    private let now: @Sendable () -> Timestamp

    init(
        label: String, level: Logger.Level, asText: Bool, file: LogFile?, now: @escaping @Sendable () -> Timestamp
    ) {
        (self.label, logLevel, self.asText, self.file, self.now) = (label, level, asText, file, now)
    }

    /// Reads or sets one field that is added to every message.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a message.
    public func log(event: LogEvent) {
        let merged = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
        let (at, message) = (now(), "\(event.message)")
        let json = { LogLine.json(at: at, level: event.level, message: message, label: label, metadata: merged) }
        let line =
            asText
            ? LogLine.text(at: at, level: event.level, message: message, label: label, metadata: merged) : json()
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        // One write a line, so that lines of several threads never mix.
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        file?.write(asText ? json() : line)
    }
}
