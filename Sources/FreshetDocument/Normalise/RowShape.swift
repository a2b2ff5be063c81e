import FreshetCore

/// One step of a row's shape while it is made: a member of the row and what stands there, or the end of an object.
struct ShapeToken: Hashable, BitwiseCopyable {
    /// What stands there.
    struct Leaf: Hashable, BitwiseCopyable {
        var bits: UInt32

        static let string = Leaf(bits: 1)
        static let number = Leaf(bits: 2)
        static let boolean = Leaf(bits: 3)
        static let null = Leaf(bits: 4)
        static let emptyArray = Leaf(bits: 5)
        static let emptyObject = Leaf(bits: 6)
        static let array = Leaf(bits: 7)
        static let map = Leaf(bits: 8)
        /// An object begins; its members follow up to ``close``.
        static let open = Leaf(bits: 9)
        static let close = Leaf(bits: 10)
        static let date = Leaf(bits: 11)

        /// A text that is a moment in this form: 12, and the form in the bits above.
        static func time(_ form: TimeForm) -> Leaf {
            let (zone, minutes): (UInt32, Int) =
                switch form.zone {
                case .none: (0, 0)
                case .utc: (1, 0)
                case .ahead(let minutes): (2, minutes)
                case .behind(let minutes): (3, minutes)
                }
            let digits = UInt32(form.digits.map { $0 + 1 } ?? 0)
            return Leaf(bits: 12 | form.separator.rawValue << 4 | digits << 6 | zone << 10 | UInt32(minutes) << 12)
        }

        var form: TimeForm? {
            guard bits & 15 == 12, let separator = TimeForm.Separator(rawValue: bits >> 4 & 3) else { return nil }
            let digits = Int(bits >> 6 & 15)
            let minutes = Int(bits >> 12)
            let zone: TimeForm.Zone =
                switch bits >> 10 & 3 {
                case 0: .none
                case 1: .utc
                case 2: .ahead(minutes)
                default: .behind(minutes)
                }
            return TimeForm(separator: separator, digits: digits == 0 ? nil : digits - 1, zone: zone)
        }
    }

    var bits: UInt64

    @inline(__always) init(_ entry: Int32, _ leaf: Leaf) {
        bits = UInt64(UInt32(bitPattern: entry)) &<< 32 | UInt64(leaf.bits)
    }

    /// A token of the row itself.
    @inline(__always) init(_ leaf: Leaf) { self.init(-1, leaf) }

    @inline(__always) var entry: Int32 { Int32(truncatingIfNeeded: Int64(bitPattern: bits) &>> 32) }
    @inline(__always) var leaf: Leaf { Leaf(bits: UInt32(truncatingIfNeeded: bits)) }

    // MARK: Text

    /// The shape as JSON: the row's skeleton with codes in the place of values.
    static func json(_ tokens: some Sequence<ShapeToken>, names: RowTrie) -> [UInt8] {
        var json = JSONWriter(reserving: 64)
        for token in tokens {
            if token.entry >= 0 { json.key(names.name(of: token.entry)) }
            switch token.leaf {
            case .string: json.string("s")
            case .number: json.string("n")
            case .boolean: json.string("b")
            case .null: json.null()
            case .emptyArray: json.raw("[]".utf8)
            case .emptyObject: json.raw("{}".utf8)
            case .array: json.raw(#"["a"]"#.utf8)
            case .map: json.raw(#"{"*":"m"}"#.utf8)
            case .open: json.beginObject()
            case .close: json.endObject()
            case .date: json.string("d")
            case let leaf: json.string("t:" + (leaf.form?.code ?? ""))
            }
        }
        return json.bytes
    }
}
