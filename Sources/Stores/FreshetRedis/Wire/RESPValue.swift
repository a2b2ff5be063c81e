import NIOCore

/// A value as Redis sends it (RESP2 and RESP3).
enum RESPValue: Sendable {
    case null
    case int(Int64)
    case text(ByteBuffer)
    case list([RESPValue])
    case error(String)
    /// Sent unasked: a message of a channel.
    case push([RESPValue])

    var int: Int64? {
        switch self {
        case .int(let value): value
        case .text(let buffer): Int64(String(buffer: buffer))
        default: nil
        }
    }

    var string: String? {
        switch self {
        case .text(let buffer): String(buffer: buffer)
        case .int(let value): String(value)
        default: nil
        }
    }

    var list: [RESPValue]? {
        if case .list(let values) = self { values } else { nil }
    }

    var bytes: ByteBuffer? {
        if case .text(let buffer) = self { buffer } else { nil }
    }
}
