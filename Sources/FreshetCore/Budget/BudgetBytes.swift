/// Writes numbers as variable-length integers (LEB128, zigzag when signed) and texts with their length.
struct BudgetWriter {
    private(set) var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    mutating func text(_ value: String) {
        unsigned(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func list<Item>(_ items: [Item], _ write: (inout BudgetWriter, Item) -> Void) {
        unsigned(UInt64(items.count))
        for item in items { write(&self, item) }
    }

    /// Everything written, followed by its checksum.
    func sealed() -> [UInt8] {
        let sum = budgetChecksum(bytes[...])
        return bytes + (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0))) }
    }
}

/// Reads what ``BudgetWriter`` wrote; every method gives `nil` instead of reading past the end.
struct BudgetReader {
    private var rest: ArraySlice<UInt8>

    /// `nil` when the checksum or the first bytes do not fit.
    init?(sealed bytes: [UInt8], magic: [UInt8]) {
        guard bytes.count >= magic.count + 8, bytes.starts(with: magic) else { return nil }
        let body = bytes.dropLast(8)
        var sum: UInt64 = 0
        for byte in bytes.suffix(8).reversed() { sum = sum << 8 | UInt64(byte) }
        guard sum == budgetChecksum(body) else { return nil }
        rest = body.dropFirst(magic.count)
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func unsigned() -> UInt64? {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while let byte = rest.popFirst() {
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }

    mutating func signed() -> Int64? {
        unsigned().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }

    /// A non-negative count within 32 bits.
    mutating func count() -> Int? { unsigned().flatMap { $0 <= UInt64(Int32.max) ? Int($0) : nil } }

    /// A moment written as its distance from `base`.
    mutating func moment(_ base: Ticks) -> Ticks? {
        guard let distance = signed() else { return nil }
        let (moment, overflow) = base.addingReportingOverflow(distance)
        return overflow || abs(moment / 2) > Ticks.never ? nil : moment
    }

    mutating func text() -> String? {
        guard let length = count(), length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return String(validating: rest.prefix(length), as: UTF8.self)
    }

    mutating func list<Item>(_ read: (inout BudgetReader) -> Item?) -> [Item]? {
        guard let length = count(), length <= rest.count else { return nil }
        var items: [Item] = []
        for _ in 0..<length {
            guard let item = read(&self) else { return nil }
            items.append(item)
        }
        return items
    }
}

/// FNV-1a, 64 bits: finds damage, not malice.
private func budgetChecksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
