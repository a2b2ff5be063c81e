import NIOCore

/// What came does not follow the protocol.
struct RESPError: Error {
    var what: String
}

/// Reads values from bytes that come in pieces; what was read of a value is not read again when more comes.
struct RESPParser {
    private struct Aggregate {
        var missing: Int
        var values: [RESPValue] = []
        var isPush: Bool
    }

    private enum Step {
        case opened
        case value(RESPValue)
    }

    /// Deeper nesting than any answer to Freshet has.
    private static let depthLimit = 16
    /// What Redis itself allows.
    private static let bulkLimit = 512 << 20
    private static let lineLimit = 64 << 10

    private var open: [Aggregate] = []
    /// The length of the text whose bytes come next.
    private var bulk: Int?

    /// The next complete value; `nil` when more bytes are needed.
    mutating func next(in buffer: inout ByteBuffer) throws(RESPError) -> RESPValue? {
        while let step = try step(in: &buffer) {
            guard case .value(var value) = step else { continue }
            while true {
                guard var last = open.popLast() else { return value }
                last.values.append(value)
                last.missing -= 1
                if last.missing > 0 {
                    open.append(last)
                    break
                }
                value = last.isPush ? .push(last.values) : .list(last.values)
            }
        }
        return nil
    }

    private mutating func step(in buffer: inout ByteBuffer) throws(RESPError) -> Step? {
        if let length = bulk {
            guard buffer.readableBytes >= length + 2, let text = buffer.readSlice(length: length) else { return nil }
            buffer.moveReaderIndex(forwardBy: 2)
            bulk = nil
            return .value(.text(text))
        }
        guard var line = try line(in: &buffer), let kind = line.readInteger(as: UInt8.self) else { return nil }
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "("): return .value(.text(line))
        case UInt8(ascii: "-"): return .value(.error(String(buffer: line)))
        case UInt8(ascii: ":"): return .value(.int(try number(line)))
        case UInt8(ascii: "_"): return .value(.null)
        case UInt8(ascii: "#"): return .value(.int(line.getInteger(at: line.readerIndex) == UInt8(ascii: "t") ? 1 : 0))
        case UInt8(ascii: "$"), UInt8(ascii: "="):
            let length = try number(line)
            guard length >= 0 else { return .value(.null) }
            guard length <= Self.bulkLimit else { throw RESPError(what: "a text of \(length) bytes") }
            bulk = Int(length)
            return .opened
        case UInt8(ascii: "*"), UInt8(ascii: "~"): return try aggregate(try number(line), isPush: false)
        case UInt8(ascii: "%"): return try aggregate(try number(line) * 2, isPush: false)
        case UInt8(ascii: ">"): return try aggregate(try number(line), isPush: true)
        default: throw RESPError(what: "a value of an unknown kind")
        }
    }

    private mutating func aggregate(_ count: Int64, isPush: Bool) throws(RESPError) -> Step {
        if count < 0 { return .value(.null) }
        if count == 0 { return .value(isPush ? .push([]) : .list([])) }
        guard open.count < Self.depthLimit, count <= Int32.max else {
            throw RESPError(what: "a list of \(count) values")
        }
        open.append(Aggregate(missing: Int(count), isPush: isPush))
        return .opened
    }

    /// The bytes before the next line end, which is consumed too.
    private func line(in buffer: inout ByteBuffer) throws(RESPError) -> ByteBuffer? {
        let end = buffer.withUnsafeReadableBytes { bytes in bytes.firstIndex(of: UInt8(ascii: "\n")) }
        guard let end else {
            guard buffer.readableBytes < Self.lineLimit else { throw RESPError(what: "a line without an end") }
            return nil
        }
        guard end >= 2, let line = buffer.readSlice(length: end - 1) else { throw RESPError(what: "an empty line") }
        buffer.moveReaderIndex(forwardBy: 2)
        return line
    }

    private func number(_ line: ByteBuffer) throws(RESPError) -> Int64 {
        guard let number = Int64(String(buffer: line)) else { throw RESPError(what: "a number that is none") }
        return number
    }
}
