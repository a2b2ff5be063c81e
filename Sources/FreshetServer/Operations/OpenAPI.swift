import FreshetCore
import HTTPTypes

/// `/openapi.json`: made from the route table and the declared datasets, so that it cannot say anything else.
struct OpenAPI: Sendable {
    let configuration: Configuration
    let build: BuildInfo

    func document(_ routes: [Route]) -> JSONValue {
        var paths: [(String, [(String, JSONValue)])] = []
        func add(_ path: String, _ method: String, _ operation: JSONValue) {
            if let index = paths.firstIndex(where: { $0.0 == path }) {
                paths[index].1.append((method, operation))
            } else {
                paths.append((path, [(method, operation)]))
            }
        }
        for route in routes {
            for (path, method, operation) in operations(route) { add(path, method, operation) }
        }
        return .object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object([
                    ("title", .string("Freshet")), ("version", .string(build.version)),
                    ("summary", .string("Answers from a fresh copy of rate-limited JSON APIs.")),
                ])
            ),
            ("paths", .object(paths.map { ($0.0, .object($0.1)) })),
            ("components", components),
        ])
    }

    /// The operations a route stands for: one per method and, where it names datasets, one path per dataset.
    private func operations(_ route: Route) -> [(path: String, method: String, operation: JSONValue)] {
        let methods = route.method.map { [$0.rawValue.lowercased()] } ?? ["get", "post", "put", "patch", "delete"]
        return paths(route).flatMap { path in
            methods.map { method in (path, method, operation(route, path, method)) }
        }
    }

    private func paths(_ route: Route) -> [String] {
        let pattern = route.pattern.replacing("+}", with: "}").replacing("*}", with: "}")
        guard route.pattern.contains("{dataset}") else { return [pattern] }
        return configuration.datasets.flatMap { dataset -> [String] in
            let names = dataset.template.parameters
            let key = names.isEmpty ? DocumentID.singletonKey : names.map { "{\($0)}" }.joined(separator: "/")
            let path = pattern.replacing("{source}", with: dataset.id.source)
                .replacing("{dataset}", with: dataset.id.name).replacing("{key}", with: key)
            return route.pattern == DocumentPattern.document ? [path, path + "/history"] : [path]
        }
    }

    private func operation(_ route: Route, _ path: String, _ method: String) -> JSONValue {
        var fields: [(String, JSONValue)] = [
            ("operationId", .string(identifier(path, method))), ("summary", .string(route.summary)),
            ("x-access", .string(route.access.rawValue)),
        ]
        let parameters =
            path.split(separator: "/").filter { $0.hasPrefix("{") }.map { piece in
                JSONValue.object([
                    ("name", .string(String(piece.dropFirst().dropLast()))), ("in", .string("path")),
                    ("required", .bool(true)), ("schema", .object([("type", .string("string"))])),
                ])
            } + queryParameters(route, path)
        if !parameters.isEmpty { fields.append(("parameters", .array(parameters))) }
        if route.access == .operator || route.access == .admin {
            fields.append(("security", .array([.object([("token", .array([]))]), .object([])])))
        }
        fields.append(("responses", responses(route, path)))
        return .object(fields)
    }

    private func identifier(_ path: String, _ method: String) -> String {
        method + path.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    }

    private func queryParameters(_ route: Route, _ path: String) -> [JSONValue] {
        let names: [(String, String)]
        if path.hasSuffix("/history"), route.pattern == DocumentPattern.document {
            names = [
                ("since", "RFC 3339"), ("until", "RFC 3339"), ("limit", "1 to 1000"),
                ("bodies", "1 shows the documents"),
            ]
        } else {
            switch route.pattern {
            case DocumentPattern.document:
                names = [("envelope", "1 wraps the document with its metadata"), ("as_of", "RFC 3339")]
            case DocumentPattern.list: names = [("cursor", "next_cursor of the page before"), ("limit", "1 to 1000")]
            case TablePattern.rows:
                names = [
                    ("{column}__{operator}", "eq, ne, lt, lte, gt, gte, in, like, null; a bare column is eq"),
                    ("sort", "columns, - before one for descending"), ("columns", "the columns wanted"),
                    ("limit", "1 to 10000"), ("cursor", "next_cursor of the page before"), ("as_of", "RFC 3339"),
                    ("deleted", "1 shows rows marked deleted"), TablePattern.format, TablePattern.header,
                ]
            case TablePattern.schema: names = [("version", "a number; the newest when left out")]
            case TablePattern.rejects, "/v1/rejects": names = [("limit", "1 to 1000")]
            case TablePattern.query:
                names = [
                    ("limit", "1 to 100000"), ("timeout", "seconds, at most 60"), TablePattern.format,
                    TablePattern.header,
                ]
            case "/admin/queue":
                names = [
                    ("state", "ready, waiting, leased, dead or done"), ("source", "a source"), ("limit", "1 to 1000"),
                ]
            case "/v1/events":
                names = [
                    ("topic", "types, several with commas; * stands for any characters"), ("source", "a source"),
                    ("dataset", "a dataset, without its source"), ("key", "a key; * stands for any characters"),
                    ("profile", "whom events concern"), ("after", "the id of the last event seen"),
                ]
            default: names = []
            }
        }
        return names.map { name, text in
            .object([
                ("name", .string(name)), ("in", .string("query")), ("description", .string(text)),
                ("schema", .object([("type", .string("string"))])),
            ])
        }
    }

    private func responses(_ route: Route, _ path: String) -> JSONValue {
        var list: [(String, JSONValue)] = []
        func plain(_ status: String, _ text: String) {
            list.append((status, .object([("description", .string(text))])))
        }
        switch route.pattern {
        case DocumentPattern.document where !path.hasSuffix("/history"):
            plain("200", "The document as upstream gave it; its age and state are in the headers.")
            plain("202", "Never fetched: a refresh is queued, Location names its job.")
            plain("304", "Not modified.")
        case "/v1/refresh": plain("202", "Queued.")
        case TablePattern.rows, TablePattern.query: plain("200", "Rows as JSON, CSV or NDJSON.")
        case "/admin/tokens" where route.method == .post: plain("201", "The token, shown once.")
        default: plain("200", "The answer.")
        }
        list.append(
            (
                "default",
                .object([
                    ("description", .string("A problem (RFC 9457).")),
                    (
                        "content",
                        .object([
                            (
                                "application/problem+json",
                                .object([("schema", .object([("$ref", .string("#/components/schemas/Problem"))]))])
                            )
                        ])
                    ),
                ])
            ))
        return .object(list)
    }

    private var components: JSONValue {
        func text(_ type: String) -> JSONValue { .object([("type", .string(type))]) }
        return .object([
            (
                "securitySchemes",
                .object([("token", .object([("type", .string("http")), ("scheme", .string("bearer"))]))])
            ),
            (
                "schemas",
                .object([
                    (
                        "Problem",
                        .object([
                            ("type", .string("object")),
                            (
                                "properties",
                                .object([
                                    ("type", text("string")), ("title", text("string")), ("status", text("integer")),
                                    ("detail", text("string")), ("instance", text("string")),
                                ])
                            ),
                        ])
                    )
                ])
            ),
        ])
    }
}

/// Patterns that stand for one path per dataset.
enum DocumentPattern {
    static let document = "/v1/{source}/{dataset}/{key+}"
    static let list = "/v1/{source}/{dataset}"
    static let why = "/v1/why/{source}/{dataset}/{key+}"
}

/// Patterns of tables, and the parameters that several of them take.
enum TablePattern {
    static let rows = "/v1/tables/{table}"
    static let schema = "/v1/tables/{table}/schema"
    static let rejects = "/v1/tables/{table}/rejects"
    static let query = "/v1/query"
    static let format = ("format", "json, csv or ndjson; or by Accept")
    static let header = ("header", "0 leaves out the first line of CSV")
}
