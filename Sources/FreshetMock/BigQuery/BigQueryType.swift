/// The column types that the BigQuery mock knows.
enum BigQueryType: String, Sendable {
    case integer = "INTEGER"
    case float = "FLOAT"
    case boolean = "BOOLEAN"
    case string = "STRING"
    case timestamp = "TIMESTAMP"
    case date = "DATE"
    case numeric = "NUMERIC"
    case bigNumeric = "BIGNUMERIC"
    case json = "JSON"

    /// Reads a name of the API or of SQL.
    init?(name: String) {
        switch name.uppercased() {
        case "INT64", "INT", "BIGINT": self = .integer
        case "FLOAT64": self = .float
        case "BOOL": self = .boolean
        case "DECIMAL": self = .numeric
        case "BIGDECIMAL": self = .bigNumeric
        default: self.init(rawValue: name.uppercased())
        }
    }

    /// Whether `ALTER COLUMN … SET DATA TYPE` may make this of the other.
    func widens(_ other: BigQueryType) -> Bool {
        switch (other, self) {
        case (.integer, .numeric), (.integer, .bigNumeric), (.integer, .float), (.numeric, .bigNumeric),
            (.numeric, .float):
            true
        default: self == other
        }
    }
}

/// A column of a table in the BigQuery mock.
struct BigQueryField: Sendable, Equatable {
    var name: String
    var type: BigQueryType
    var isRequired = false
    var description: String?

    /// Reads a field of a schema.
    ///
    /// - Throws: ``BigQueryFailure`` for what this mock does not play.
    init(_ json: MockJSON) throws(BigQueryFailure) {
        guard let name = json["name"]?.stringValue, let type = json["type"]?.stringValue else {
            throw .invalid("A field needs a name and a type.")
        }
        guard let known = BigQueryType(name: type) else {
            throw .invalid("Field \(name) has the type \(type), which this local server does not play.")
        }
        let mode = json["mode"]?.stringValue ?? "NULLABLE"
        guard mode == "NULLABLE" || mode == "REQUIRED" else {
            throw .invalid("Field \(name) has the mode \(mode), which this local server does not play.")
        }
        try Self.check(name)
        self.name = name
        self.type = known
        isRequired = mode == "REQUIRED"
        description = json["description"]?.stringValue
    }

    private static func check(_ name: String) throws(BigQueryFailure) {
        let isPlain = name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
        let isDigitFirst = name.utf8.first.map { (0x30...0x39).contains($0) } ?? true
        let reserved = ["_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER"]
        guard isPlain, !isDigitFirst, name.utf8.count <= 300, !reserved.contains(where: name.uppercased().hasPrefix)
        else {
            throw .invalid("Invalid field name \"\(name)\".")
        }
    }

    /// Reads the fields of `{"fields": […]}`; a name must not come twice.
    static func list(_ schema: MockJSON?) throws(BigQueryFailure) -> [BigQueryField]? {
        guard let items = schema?["fields"]?.arrayValue else { return nil }
        var fields: [BigQueryField] = []
        for item in items {
            let field = try BigQueryField(item)
            guard !fields.contains(where: { $0.name.lowercased() == field.name.lowercased() }) else {
                throw .invalid("Field \(field.name) already exists in schema")
            }
            fields.append(field)
        }
        return fields
    }

    /// The field as the API shows it.
    var json: MockJSON {
        var members: [MockJSON.Member] = [
            .init("name", .string(name)), .init("type", .string(type.rawValue)),
            .init("mode", isRequired ? "REQUIRED" : "NULLABLE"),
        ]
        if let description { members.append(.init("description", .string(description))) }
        return .object(members)
    }

    /// A column of a result.
    init(name: String, type: BigQueryType) { (self.name, self.type) = (name, type) }
}

/// Why BigQuery refuses, with its status and word for it.
struct BigQueryFailure: Error, Sendable {
    var status: Int
    var reason: String
    var message: String

    static func invalid(_ message: String) -> BigQueryFailure {
        BigQueryFailure(status: 400, reason: "invalid", message: message)
    }

    static func query(_ message: String) -> BigQueryFailure {
        BigQueryFailure(status: 400, reason: "invalidQuery", message: message)
    }

    static func notFound(_ what: String) -> BigQueryFailure {
        BigQueryFailure(status: 404, reason: "notFound", message: "Not found: \(what)")
    }

    static func duplicate(_ what: String) -> BigQueryFailure {
        BigQueryFailure(status: 409, reason: "duplicate", message: "Already Exists: \(what)")
    }

    /// The answer as Google's APIs give it.
    var response: MockResponse {
        let words: [Int: String] = [
            400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE",
        ]
        return .json(
            [
                "error": [
                    "code": .int(status), "message": .string(message),
                    "errors": [["message": .string(message), "domain": "global", "reason": .string(reason)]],
                    "status": .string(words[status] ?? "INTERNAL"),
                ]
            ], status: status)
    }

    /// The failure as a job tells it.
    var json: MockJSON { ["reason": .string(reason), "message": .string(message)] }
}
