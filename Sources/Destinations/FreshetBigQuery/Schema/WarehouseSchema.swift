import FreshetCore

/// What a table shall look like in BigQuery: its columns, and where their values come from.
struct WarehouseSchema: Sendable, Hashable {
    /// A column with its source.
    struct Column: Sendable, Hashable {
        /// The column in the store.
        var source: String
        /// The column in BigQuery.
        var field: WarehouseField
        /// Where values go that do not fit the type, when there is such a column.
        var variant: String?
    }

    /// The provenance first, then the table's own columns in the order in which they came to be.
    var columns: [Column]
    /// Columns that keep the exact text of values that do not fit another's type, and have no source of their own.
    var variants: [WarehouseField]
    /// The column whose day partitions the table.
    var partitionBy: String?
    /// The columns that cluster it.
    var clusterBy: [String]

    /// All columns.
    var fields: [WarehouseField] { columns.map(\.field) + variants }

    /// Plans a table.
    ///
    /// - Parameters:
    ///   - schema: The table in the store.
    ///   - spec: What was declared of it; of the declared table that it belongs to, for a child.
    ///   - needed: Columns in the store that need a second column for values that do not fit.
    init(_ schema: TableSchema, spec: TableSpec?, variants needed: Set<String>) {
        let own = spec?.name == schema.name ? spec : nil
        var columns = Self.provenance
        for column in schema.columns {
            let precision = own?.columns.first { $0.name == column.name }?.precision
            columns.append(
                Column(
                    source: column.name,
                    field: WarehouseField(
                        name: Self.name(column.name), type: Self.type(column.type, precision: precision),
                        isRequired: schema.key.contains(column.name))))
        }
        let names = Set(columns.map { $0.field.name.lowercased() })
        var variants: [WarehouseField] = []
        for at in columns.indices where needed.contains(columns[at].source) {
            let name = "\(columns[at].field.name)__v_text"
            columns[at].variant = name
            // The store's own variant column takes them, if there is one: a row has a value in one of the two only.
            if !names.contains(name.lowercased()) { variants.append(WarehouseField(name: name, type: .string)) }
        }
        self.columns = columns
        self.variants = variants
        // Children of a table have columns of their own: what was declared holds where the column is.
        partitionBy = spec?.partitionBy.map(Self.name).flatMap { names.contains($0.lowercased()) ? $0 : nil }
        clusterBy = (spec?.clusterBy ?? []).map(Self.name).filter { names.contains($0.lowercased()) }
        if own != nil, partitionBy == nil { partitionBy = spec?.partitionBy }
    }

    /// `TableSchema.provenance` as columns.
    static let provenance: [Column] = [
        ("_key", .string, true), ("_fetch_id", .int64, true), ("_fetched_at", .timestamp, true),
        ("_version", .int64, true), ("_deleted_at", .timestamp, false), ("_shape", .string, false),
    ].map { (name: String, type: WarehouseType, isRequired: Bool) in
        Column(source: name, field: WarehouseField(name: name, type: type, isRequired: isRequired))
    }

    /// The type of a column.
    ///
    /// A decimal is `NUMERIC` when its declared precision fits 29 digits before and 9 behind the point, `BIGNUMERIC` when
    /// it fits 38 and 38 or is undeclared, and text beyond.
    static func type(_ type: ColumnType, precision: (digits: Int, scale: Int)?) -> WarehouseType {
        switch type {
        case .integer: return .int64
        case .float: return .float64
        case .boolean: return .bool
        case .text: return .string
        case .timestamp: return .timestamp
        case .date: return .date
        case .json: return .json
        case .decimal:
            guard let (digits, scale) = precision else { return .bigNumeric }
            if scale <= 9, digits - scale <= 29 { return .numeric }
            return scale <= 38 && digits - scale <= 38 ? .bigNumeric : .string
        }
    }

    /// The name of a column; BigQuery keeps some prefixes for itself.
    static func name(_ name: String) -> String {
        let upper = name.uppercased()
        let isReserved = ["_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER"]
            .contains { upper.hasPrefix($0) }
        return isReserved ? "c\(name)" : name
    }
}
