public import FreshetCore

/// Chooses the Parquet types of columns, from what is known of them and from values that were seen.
///
/// A decimal column without a declared scale needs its values looked at first: see ``undecided``. When a value turns up that
/// does not fit, ``widen(_:for:)`` takes the next wider type, at last text, and the file is written again.
public struct ParquetPlan: Sendable {
    /// A column to plan.
    public struct Source: Sendable {
        /// Its name.
        public var name: String
        /// Its type; text when `nil`.
        public var type: ColumnType?
        /// For moments: the digits behind the second that are stored, 0, 3, 6 or 9.
        public var digits: Int
        /// For decimals: all digits and those behind the point, where that was declared.
        public var precision: (digits: Int, scale: Int)?

        /// Creates a column.
        public init(name: String, type: ColumnType?, digits: Int = 6, precision: (digits: Int, scale: Int)? = nil) {
            (self.name, self.type, self.digits, self.precision) = (name, type, digits, precision)
        }
    }

    /// What the values of a decimal column need.
    private struct Profile {
        var integerDigits = 0
        var writtenScale = 0
        var neededScale = 0
        var fits = true

        mutating func add(_ value: TableValue) {
            switch value {
            case .null: return
            case .integer(let number): integerDigits = max(integerDigits, String(number.magnitude).utf8.count)
            case .decimal(let text):
                guard let number = DecimalText(text) else {
                    fits = false
                    return
                }
                integerDigits = max(integerDigits, number.integerDigits)
                writtenScale = max(writtenScale, number.scale)
                neededScale = max(neededScale, number.neededScale)
            default: fits = false
            }
        }

        /// The scale as the numbers are written, or else as their values need; text when neither fits.
        var kind: ParquetColumn.Kind {
            guard fits else { return .text }
            for scale in [writtenScale, neededScale] where integerDigits + scale <= ParquetColumn.precision {
                return .decimal(scale: scale)
            }
            return .text
        }
    }

    /// The columns as they are planned now.
    public private(set) var columns: [ParquetColumn]
    /// Decimal columns whose values should be shown to ``see(_:in:)`` before anything is written.
    public let undecided: [Int]
    private var profiles: [Int: Profile] = [:]
    private var original: [ColumnType?]

    /// Plans columns.
    public init(_ sources: [Source]) {
        original = sources.map(\.type)
        undecided = sources.indices.filter { sources[$0].type == .decimal && sources[$0].precision == nil }
        columns = sources.map { ParquetColumn(name: $0.name, kind: ParquetPlan.kind($0)) }
        for (index, source) in sources.enumerated() where source.type == .decimal {
            var profile = Profile()
            if let (digits, scale) = source.precision {
                profile.integerDigits = max(0, digits - scale)
                (profile.writtenScale, profile.neededScale) = (scale, scale)
            }
            profiles[index] = profile
            columns[index].kind = profile.kind
        }
    }

    private static func kind(_ source: Source) -> ParquetColumn.Kind {
        switch source.type {
        case .integer: .integer
        case .decimal: .decimal(scale: 0)
        case .float: .double
        case .boolean: .boolean
        case .timestamp: source.digits > 6 ? .nanoseconds : .microseconds
        case .date: .date
        case .json: .json
        case .text, nil: .text
        }
    }

    /// Takes a value of a decimal column into account.
    public mutating func see(_ value: TableValue, in column: Int) {
        profiles[column]?.add(value)
        if let kind = profiles[column]?.kind { columns[column].kind = kind }
    }

    /// Makes room for a value that did not fit.
    public mutating func widen(_ column: Int, for value: TableValue) {
        let before = columns[column].kind
        switch (before, value) {
        case (.decimal, _): see(value, in: column)
        case (.microseconds, .timestamp(_, let nanoseconds)) where nanoseconds % 1000 != 0:
            columns[column].kind = .nanoseconds
        default: columns[column].kind = .text
        }
        // Whatever happens, a second try differs from the first.
        if columns[column].kind == before { columns[column].kind = .text }
    }

    /// Columns that hold text although their type says otherwise, because a value fits no narrower type.
    public var textColumns: [String] {
        columns.indices.filter { index in
            columns[index].kind == .text && original[index] != .text && original[index] != nil
        }.map { columns[$0].name }
    }
}
