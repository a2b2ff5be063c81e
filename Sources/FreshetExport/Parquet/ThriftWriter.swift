/// Writes the compact protocol of Apache Thrift, as far as Parquet's metadata needs it.
struct ThriftWriter {
    /// Types of fields and elements.
    enum Kind: UInt8 {
        case yes = 1
        case no = 2
        case byte = 3
        case short = 4
        case int = 5
        case long = 6
        case binary = 8
        case list = 9
        case structure = 12
    }

    private(set) var bytes: [UInt8] = []
    /// The field written last, for each open structure.
    private var last: [Int] = [0]

    // MARK: Fields

    mutating func field(_ id: Int, bool: Bool) { header(id, bool ? .yes : .no) }

    mutating func field(_ id: Int, byte: Int8) {
        header(id, .byte)
        bytes.append(UInt8(bitPattern: byte))
    }

    mutating func field(_ id: Int, short: Int16) {
        header(id, .short)
        zigzag(Int64(short))
    }

    mutating func field(_ id: Int, int: Int) {
        header(id, .int)
        zigzag(Int64(int))
    }

    mutating func field(_ id: Int, long: Int) {
        header(id, .long)
        zigzag(Int64(long))
    }

    mutating func field(_ id: Int, text: String) {
        header(id, .binary)
        element(text: text)
    }

    mutating func field(_ id: Int, binary: [UInt8]) {
        header(id, .binary)
        varint(UInt64(binary.count))
        bytes += binary
    }

    mutating func field(_ id: Int, _ body: (inout ThriftWriter) -> Void) {
        header(id, .structure)
        element(body)
    }

    mutating func field(_ id: Int, listOf kind: Kind, count: Int, _ body: (inout ThriftWriter) -> Void) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | kind.rawValue)
        } else {
            bytes.append(0xF0 | kind.rawValue)
            varint(UInt64(count))
        }
        body(&self)
    }

    // MARK: Elements of lists

    mutating func element(int: Int) { zigzag(Int64(int)) }

    mutating func element(text: String) {
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func element(_ body: (inout ThriftWriter) -> Void) {
        last.append(0)
        body(&self)
        last.removeLast()
        stop()
    }

    /// Ends a structure; the outermost one needs it from its caller.
    mutating func stop() { bytes.append(0) }

    // MARK: Primitives

    private mutating func header(_ id: Int, _ kind: Kind) {
        let delta = id - last[last.count - 1]
        last[last.count - 1] = id
        if (1...15).contains(delta) {
            bytes.append(UInt8(delta) << 4 | kind.rawValue)
        } else {
            bytes.append(kind.rawValue)
            zigzag(Int64(id))
        }
    }

    private mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
