/// Reads the first part of a fault text: `kind`, `kind=value`, `kind:parameter`, `kind=value:parameter`.
enum FaultKindParser {
    static func parse(_ text: String) throws(MockSpecError) -> FaultKind {
        let (name, value, parameter) = pieces(text)
        if let status = Int(name), value == nil { return try statusKind(status, parameter) }
        switch name {
        case "status":
            guard let value, let status = Int(value) else {
                throw MockSpecError("status needs a number, such as status=503.")
            }
            return try statusKind(status, parameter)
        case "latency": return .latency(try range(value ?? "200ms"))
        case "truncate", "oversize": return try sized(name, value, chunked: chunked(parameter, name))
        case "garbage":
            guard parameter == nil || parameter == "raw" else { throw MockSpecError("garbage takes only :raw.") }
            return .garbage(raw: parameter == "raw")
        case "html":
            let status = try MockUnits.count(value ?? "200", atLeast: 200)
            return .html(status: try checked(status, 200...599))
        case "gzip-bomb": return .gzipBomb(bytes: max(16, try MockUnits.bytes(value ?? "1GB")))
        case "slow-body": return .slowBody(bytesPerSecond: try MockUnits.bytesPerSecond(value ?? "1B/s"))
        case "slow-head": return .slowHead(bytesPerSecond: try MockUnits.bytesPerSecond(value ?? "1B/s"))
        case "depth-bomb": return .depthBomb(try MockUnits.count(value ?? "100000"))
        case "wrong-type": return .wrongType(value ?? "image/png")
        case "error-200": return .errorInSuccess(try json(value))
        default:
            guard let kind = plain[name] else { throw MockSpecError("\"\(name)\" is no fault. \(FaultSpec.grammar)") }
            guard value == nil, parameter == nil else {
                throw MockSpecError("\(name) takes no value (got \"\(text)\").")
            }
            return kind
        }
    }

    private static let plain: [String: FaultKind] = [
        "maintenance": .maintenance, "reset": .reset, "empty": .empty, "null": .null, "changed-fields": .changedFields,
        "reorder-keys": .reorderKeys, "invalid-json": .invalidJSON, "no-response": .noResponse,
    ]

    private static func pieces(_ text: String) -> (name: String, value: String?, parameter: String?) {
        let name = text.prefix { $0 != "=" && $0 != ":" }
        var rest = text.dropFirst(name.count)
        guard rest.first == "=" else { return (String(name), nil, rest.isEmpty ? nil : String(rest.dropFirst())) }
        rest = rest.dropFirst()
        // A JSON value and a media type may hold colons of their own.
        if rest.first == "{" || rest.first == "[" || name == "wrong-type" { return (String(name), String(rest), nil) }
        let value = rest.prefix { $0 != ":" }
        let parameter = rest.dropFirst(value.count)
        return (String(name), String(value), parameter.isEmpty ? nil : String(parameter.dropFirst()))
    }

    private static func statusKind(_ status: Int, _ parameter: String?) throws(MockSpecError) -> FaultKind {
        let status = try checked(status, 400...599)
        guard status == 429 else {
            guard parameter == nil else {
                throw MockSpecError("Only 429 takes a parameter (got \"\(parameter ?? "")\").")
            }
            return .status(status)
        }
        guard let parameter else { return .tooManyRequests(.none) }
        guard parameter.hasPrefix("retry-after=") else {
            throw MockSpecError("429 takes :retry-after=30 or :retry-after=date+30 (got \"\(parameter)\").")
        }
        let value = parameter.dropFirst("retry-after=".count)
        if value.hasPrefix("date+") {
            return .tooManyRequests(.date(try MockUnits.count(value.dropFirst(5), atLeast: 0)))
        }
        return .tooManyRequests(.seconds(try MockUnits.count(value, atLeast: 0)))
    }

    private static func sized(_ name: String, _ value: String?, chunked: Bool) throws(MockSpecError) -> FaultKind {
        if name == "oversize" {
            return .oversize(bytes: max(32, try MockUnits.bytes(value ?? "1GB")), chunked: chunked)
        }
        guard let value else { return .truncate(keep: nil, chunked: chunked) }
        return .truncate(keep: try MockUnits.bytes(value), chunked: chunked)
    }

    private static func chunked(_ parameter: String?, _ name: String) throws(MockSpecError) -> Bool {
        guard parameter == nil || parameter == "chunked" else { throw MockSpecError("\(name) takes only :chunked.") }
        return parameter != nil
    }

    private static func range(_ text: String) throws(MockSpecError) -> ClosedRange<Duration> {
        var low = text[...]
        var high = text[...]
        if let dots = text.firstRange(of: "..") { (low, high) = (text[..<dots.lowerBound], text[dots.upperBound...]) }
        let bounds = (try MockUnits.duration(low), try MockUnits.duration(high))
        guard bounds.0 <= bounds.1 else { throw MockSpecError("latency must go from short to long (got \(text)).") }
        return bounds.0...bounds.1
    }

    private static func checked(_ status: Int, _ range: ClosedRange<Int>) throws(MockSpecError) -> Int {
        guard range.contains(status) else {
            throw MockSpecError("A status must be from \(range.lowerBound) to \(range.upperBound) (got \(status)).")
        }
        return status
    }

    private static func json(_ value: String?) throws(MockSpecError) -> MockJSON? {
        guard let value else { return nil }
        do { return try MockJSON(parsing: value) } catch {
            throw MockSpecError("error-200 needs a JSON value. \(error.description)")
        }
    }
}
