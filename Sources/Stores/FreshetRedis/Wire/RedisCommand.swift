import NIOCore

/// A command as it goes over the wire.
struct RedisCommand: Sendable {
    /// What becomes of a command whose answer was lost with the connection: Redis may have done it or not.
    enum Repeat: Sendable {
        /// It is not sent again; the caller is told.
        case never
        /// It does no harm twice.
        case harmless
        /// It is sent again with its mark set to `1` or under the number it had: the script can tell what it did before.
        case told
    }

    private(set) var bytes: ByteBuffer
    let repeats: Repeat
    private var markIndex: Int?
    private var numberIndex: Int?
    private var isNumbered = false

    /// Begins a command of `count` arguments, its name included; they are added one by one.
    init(arguments count: Int, repeats: Repeat, capacity: Int = 256) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(capacity)
        self.repeats = repeats
        prefix("*", count)
    }

    /// A command of texts.
    init(_ arguments: [String], repeats: Repeat = .harmless) {
        self.init(arguments: arguments.count, repeats: repeats)
        for argument in arguments { add(argument) }
    }

    private mutating func prefix(_ kind: StaticString, _ number: Int) {
        bytes.writeStaticString(kind)
        writeDecimal(number)
        bytes.writeStaticString("\r\n")
    }

    /// Writes without making a `String`.
    private mutating func writeDecimal(_ number: Int) {
        guard number >= 10 else {
            bytes.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number))
            return
        }
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    mutating func add(_ text: String) {
        prefix("$", text.utf8.count)
        bytes.writeString(text)
        bytes.writeStaticString("\r\n")
    }

    mutating func add(_ text: StaticString) {
        prefix("$", text.utf8CodeUnitCount)
        bytes.writeStaticString(text)
        bytes.writeStaticString("\r\n")
    }

    mutating func add(_ number: Int64) { add(String(number)) }

    mutating func add(_ buffer: ByteBuffer) {
        prefix("$", buffer.readableBytes)
        bytes.writeImmutableBuffer(buffer)
        bytes.writeStaticString("\r\n")
    }

    /// Leaves room for the number that the connection gives it, of 16 digits.
    mutating func addNumber() {
        bytes.writeStaticString("$16\r\n")
        numberIndex = bytes.writerIndex
        bytes.writeStaticString("0000000000000000\r\n")
    }

    /// Writes its number, which it keeps when it is sent again.
    mutating func number(_ next: () -> Int64, anew: Bool = false) {
        guard let numberIndex, anew || !isNumbered else { return }
        isNumbered = true
        var rest = next()
        for place in (0..<16).reversed() {
            bytes.setInteger(UInt8(ascii: "0") + UInt8(rest % 10), at: numberIndex + place)
            rest /= 10
        }
    }

    /// The mark of ``Repeat/told``: `0` the first time.
    mutating func addMark() {
        bytes.writeStaticString("$1\r\n")
        markIndex = bytes.writerIndex
        bytes.writeStaticString("0\r\n")
    }

    /// Marks the command as one that may have been done before.
    mutating func mark() {
        if let markIndex { bytes.setInteger(UInt8(ascii: "1"), at: markIndex) }
    }
}
