/// One value of a row, small and without references: long values are ranges of the buffers of ``DocumentRows``.
///
/// The normaliser writes the kinds that JSON has; fitting a cell to its column makes moments and days of texts and numbers.
public struct Cell: Sendable, Hashable {
    /// What the cell holds.
    public enum Kind: UInt8, Sendable {
        /// Nothing: absent, or JSON `null`.
        case null
        /// A whole number of 64 bits in ``Cell/payload``.
        case integer
        /// The exact text of a number, as a range of a buffer.
        case number
        /// 0 or 1 in ``Cell/payload``.
        case boolean
        /// UTF-8 text, as a range of a buffer.
        case text
        /// Seconds since 1970 in ``Cell/payload``, nanoseconds of that second (0...999,999,999) in ``Cell/extra``.
        case timestamp
        /// Days since 1970-01-01 in ``Cell/payload``.
        case date
        /// The text of a JSON value, as a range of a buffer.
        case json
        /// An IEEE 754 double, as its bit pattern in ``Cell/payload``.
        case float
    }

    /// What the cell holds.
    public var kind: Kind
    /// For ranges: 0 the document, 1 the scratch buffer; for moments the nanoseconds.
    public var extra: UInt32
    /// The value, or a range as offset and length of 32 bits each.
    public var payload: Int64

    /// Creates a cell from its parts.
    @inlinable
    public init(kind: Kind, extra: UInt32 = 0, payload: Int64 = 0) {
        (self.kind, self.extra, self.payload) = (kind, extra, payload)
    }

    /// The empty cell.
    public static let null = Cell(kind: .null)

    /// A cell that is a range of a buffer.
    ///
    /// - Parameters:
    ///   - kind: A kind whose value is a range.
    ///   - offset: Where it begins, below 2³².
    ///   - length: Its bytes, below 2³¹.
    ///   - inScratch: Whether it lies in ``DocumentRows/scratch``, not in the document.
    /// - Returns: The cell.
    @inlinable
    public static func range(_ kind: Kind, offset: Int, length: Int, inScratch: Bool) -> Cell {
        Cell(kind: kind, extra: inScratch ? 1 : 0, payload: Int64(length) << 32 | Int64(offset))
    }

    /// Where a range begins.
    @inlinable public var offset: Int { Int(payload & 0xFFFF_FFFF) }

    /// The bytes of a range.
    @inlinable public var length: Int { Int(payload >> 32) }

    /// Whether the value is a range of a buffer.
    @inlinable public var isRange: Bool { kind == .number || kind == .text || kind == .json }
}
