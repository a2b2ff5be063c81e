import FreshetDocument

/// The type of a column in BigQuery.
enum WarehouseType: Sendable, Hashable {
    case int64, float64, bool, string, timestamp, date, numeric, bigNumeric, json
    /// Any other, which Freshet never makes.
    case other(String)

    /// Reads a name as the API or SQL writes it.
    init(name: String) {
        switch name.uppercased() {
        case "INTEGER", "INT64": self = .int64
        case "FLOAT", "FLOAT64": self = .float64
        case "BOOLEAN", "BOOL": self = .bool
        case "STRING": self = .string
        case "TIMESTAMP": self = .timestamp
        case "DATE": self = .date
        case "NUMERIC", "DECIMAL": self = .numeric
        case "BIGNUMERIC", "BIGDECIMAL": self = .bigNumeric
        case "JSON": self = .json
        default: self = .other(name.uppercased())
        }
    }

    /// The name in SQL, which the API takes too.
    var sql: String {
        switch self {
        case .int64: "INT64"
        case .float64: "FLOAT64"
        case .bool: "BOOL"
        case .string: "STRING"
        case .timestamp: "TIMESTAMP"
        case .date: "DATE"
        case .numeric: "NUMERIC"
        case .bigNumeric: "BIGNUMERIC"
        case .json: "JSON"
        case .other(let name): name
        }
    }

    /// Whether every value of the other type is also one of this, unchanged.
    func holds(_ other: WarehouseType) -> Bool {
        switch (self, other) {
        case (.numeric, .int64), (.bigNumeric, .int64), (.bigNumeric, .numeric): true
        default: self == other
        }
    }
}

/// A column in BigQuery.
struct WarehouseField: Sendable, Hashable {
    var name: String
    var type: WarehouseType
    var isRequired = false
    /// How the table says it, for columns that exist: everything that Freshet does not know of it is kept.
    var source: [UInt8]?

    init(name: String, type: WarehouseType, isRequired: Bool = false) {
        (self.name, self.type, self.isRequired) = (name, type, isRequired)
    }

    init(_ field: JSONValue) throws(BigQueryError) {
        guard let name = field["name"]?.string, let type = field["type"]?.string else {
            throw .strange("a column without name or type")
        }
        self.init(name: name, type: WarehouseType(name: type), isRequired: field["mode"]?.string == "REQUIRED")
        source = Array(field.rawBytes)
    }

    func write(to json: inout JSONWriter) {
        if let source { return json.raw(source) }
        json.beginObject()
        json.field("name", name)
        json.field("type", type.sql)
        json.field("mode", isRequired ? "REQUIRED" : "NULLABLE")
        json.endObject()
    }

    /// Writes `{"fields": […]}`.
    static func write(_ fields: [WarehouseField], to json: inout JSONWriter) {
        json.beginObject()
        json.key("fields")
        json.beginArray()
        for field in fields { field.write(to: &json) }
        json.endArray()
        json.endObject()
    }
}

/// A table that exists in BigQuery.
struct WarehouseTable: Sendable {
    var fields: [WarehouseField]

    init(fields: [WarehouseField]) { self.fields = fields }

    init(_ root: JSONValue) throws(BigQueryError) {
        var fields: [WarehouseField] = []
        if let elements = root["schema"]?["fields"]?.elements {
            for field in elements { fields.append(try WarehouseField(field)) }
        }
        self.fields = fields
    }

    /// The column of that name; BigQuery does not tell capitals from small letters.
    func field(_ name: String) -> WarehouseField? {
        fields.first { $0.name == name } ?? fields.first { $0.name.lowercased() == name.lowercased() }
    }
}
