/// A schema with what is needed to find its columns quickly; made once for each version.
public struct TableLayout: Sendable {
    /// The schema.
    public let schema: TableSchema
    let byIdentity: [ColumnIdentity: Int]
    let byName: [String: Int]
    let variants: [String: Int]
    let withheld: Set<[String]>
    /// The hash of each column's name, which goes into the hash of a row.
    let seeds: [UInt64]

    /// Creates a layout.
    public init(_ schema: TableSchema) {
        self.schema = schema
        var (byIdentity, byName, variants) = ([ColumnIdentity: Int](), [String: Int](), [String: Int]())
        for (index, column) in schema.columns.enumerated() {
            byName[column.name] = index
            if let base = column.variantOf {
                variants[base] = index
            } else {
                byIdentity[ColumnIdentity(path: column.path, isMember: column.role == nil)] = index
            }
        }
        (self.byIdentity, self.byName, self.variants) = (byIdentity, byName, variants)
        withheld = Set(schema.withheld)
        seeds = schema.columns.map { Self.seed($0.name) }
    }

    static func seed(_ name: String) -> UInt64 { RowHash.text(name, seed: 0x636F_6C75_6D6E) }
}

/// What identifies a column over time: where its values come from.
struct ColumnIdentity: Hashable {
    var path: [String]
    var isMember: Bool
}

extension SeenColumn {
    var identity: ColumnIdentity { ColumnIdentity(path: path, isMember: role == .value) }

    /// The role as a schema keeps it.
    var roleName: String? {
        switch role {
        case .value: nil
        case .index: "index"
        case .mapKey: "map_key"
        case .parent: "parent"
        }
    }
}
