/// Reads the parts of a TZif file in their order; every access is checked, so damaged bytes are an error.
struct ZoneFileReader {
    /// The six counts of a header.
    struct Counts {
        var utcIndicators = 0
        var standardIndicators = 0
        var leapSeconds = 0
        var transitions = 0
        var types = 0
        var characters = 0
    }

    /// What of a data block matters for offsets.
    struct Block {
        var transitions: [Int64] = []
        var offsets: [Int32] = []
        var initialOffset = 0
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a header; `isWide` says that a second header and block with 64-bit times follow the first.
    mutating func header() throws(TimeZoneError) -> (isWide: Bool, counts: Counts) {
        guard bytes.count >= position + 4, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            throw .notZoneData
        }
        guard bytes.count >= position + 44 else { throw .truncated }
        let version = bytes[position + 4]
        guard version == 0 || version >= UInt8(ascii: "2") else { throw .notZoneData }
        position += 20
        var counts = Counts()
        counts.utcIndicators = Int(try unsigned32())
        counts.standardIndicators = Int(try unsigned32())
        counts.leapSeconds = Int(try unsigned32())
        counts.transitions = Int(try unsigned32())
        counts.types = Int(try unsigned32())
        counts.characters = Int(try unsigned32())
        return (version != 0, counts)
    }

    /// Reads a data block with 32-bit or 64-bit (`wide`) times.
    mutating func block(_ counts: Counts, wide: Bool) throws(TimeZoneError) -> Block {
        let timeSize = wide ? 8 : 4
        let tail =
            counts.characters + counts.leapSeconds * (timeSize + 4) + counts.standardIndicators
            + counts.utcIndicators
        let size = counts.transitions * (timeSize + 1) + counts.types * 6 + tail
        guard size <= bytes.count - position else { throw .truncated }
        guard counts.types > 0 else { throw .malformed("it has no type of local time") }
        guard counts.leapSeconds == 0 else { throw .leapSeconds }

        var block = Block()
        block.transitions.reserveCapacity(counts.transitions)
        for _ in 0..<counts.transitions {
            let time = wide ? Int64(bitPattern: try unsigned64()) : Int64(Int32(bitPattern: try unsigned32()))
            if let last = block.transitions.last, time <= last { throw .malformed("its transitions are not in order") }
            block.transitions.append(time)
        }
        let kinds = bytes[position..<position + counts.transitions]
        position += counts.transitions
        let types = try offsets(counts.types)
        block.initialOffset = Int(types[0])
        block.offsets.reserveCapacity(counts.transitions)
        for kind in kinds {
            guard Int(kind) < types.count else { throw .malformed("a transition has no type of local time") }
            block.offsets.append(types[Int(kind)])
        }
        position += tail
        return block
    }

    /// Reads the rule after the last block; `nil` when it is empty.
    mutating func footer() throws(TimeZoneError) -> PosixZone? {
        let newline = UInt8(ascii: "\n")
        guard position < bytes.count else { throw .truncated }
        guard bytes[position] == newline else { throw .malformed("its footer does not begin on a new line") }
        let rest = bytes[(position + 1)...]
        guard let end = rest.firstIndex(of: newline) else { throw .truncated }
        let text = rest[..<end]
        if text.isEmpty { return nil }
        guard let zone = PosixZone(parsing: text) else { throw .footer(String(decoding: text, as: UTF8.self)) }
        return zone
    }

    private mutating func offsets(_ count: Int) throws(TimeZoneError) -> [Int32] {
        var offsets: [Int32] = []
        offsets.reserveCapacity(count)
        for _ in 0..<count {
            let offset = Int32(bitPattern: try unsigned32())
            guard (-ZoneLimits.offset...ZoneLimits.offset).contains(Int(offset)) else {
                throw .malformed("local time is more than 26 h from UTC")
            }
            offsets.append(offset)
            // The daylight flag and the index of the abbreviation: names only.
            position += 2
        }
        return offsets
    }

    private mutating func unsigned32() throws(TimeZoneError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw .truncated }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func unsigned64() throws(TimeZoneError) -> UInt64 {
        let high = try unsigned32()
        return UInt64(high) << 32 | UInt64(try unsigned32())
    }
}
