import FreshetCore

/// The tables that the documents of one endpoint become.
struct TornTables: Sendable {
    let options: TornOptions
    let endpoint: TornEndpoint

    var specs: [TableSpec] {
        switch endpoint {
        case .crimes: crimes
        case .members: [members]
        case .items: items
        case .basic: [basic]
        case .currency: [currency]
        case .serverTime: [serverTime]
        }
    }

    // MARK: Parts that all tables share

    /// A table with the endpoint's disposition and the app's destinations.
    func table(_ name: String, _ rows: String, key: [String] = [], _ columns: [ColumnSpec]) -> TableSpec {
        var spec = TableSpec(name: name, rows: .path(rows))
        let settings = options.endpoints[endpoint]
        spec.disposition = settings?.disposition ?? endpoint.disposition
        if spec.disposition == .append { spec.idempotency = .fetch } else { spec.primaryKey = key }
        spec.keepsHistory = settings?.keepsHistory ?? false
        spec.columns = columns
        spec.destinations = options.destinations
        return spec
    }

    /// The faction that the document was asked for; rows of all factions share a table.
    static let factionSource = (name: "faction_id", source: "{faction}")

    static func integer(_ name: String, _ path: String? = nil, isRequired: Bool = false) -> ColumnSpec {
        column(name, path, .integer, isRequired)
    }

    static func text(_ name: String, _ path: String? = nil, isRequired: Bool = false, absent: [String] = [])
        -> ColumnSpec
    {
        var column = column(name, path, .text, isRequired)
        column.absent = absent
        return column
    }

    static func boolean(_ name: String, _ path: String? = nil) -> ColumnSpec { column(name, path, .boolean, false) }

    static func float(_ name: String, _ path: String? = nil) -> ColumnSpec { column(name, path, .float, false) }

    /// Seconds since 1970, as Torn writes every moment; `0` stands for none.
    static func moment(_ name: String, _ path: String? = nil, isRequired: Bool = false) -> ColumnSpec {
        var column = column(name, path, .timestamp, isRequired)
        column.format = .unixSeconds
        if !isRequired { column.absent = ["0"] }
        return column
    }

    private static func column(_ name: String, _ path: String?, _ type: ColumnType, _ isRequired: Bool) -> ColumnSpec {
        var column = ColumnSpec(name: name, path: path, type: type)
        column.isRequired = isRequired
        return column
    }
}
