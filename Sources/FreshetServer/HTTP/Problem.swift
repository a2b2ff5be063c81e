/// An error answer in the form of RFC 9457.
struct Problem: Error, Sendable {
    var status: Int
    /// The last part of the `type` URI, stable.
    var kind: String
    /// What happened, and what can be done.
    var detail: String
    /// Further header fields.
    var fields: [(name: String, value: String)] = []
    /// Further members of the object.
    var members: [(String, JSONValue)] = []

    init(
        _ status: Int, _ kind: String, _ detail: String, fields: [(name: String, value: String)] = [],
        members: [(String, JSONValue)] = []
    ) {
        (self.status, self.kind, self.detail, self.fields, self.members) = (status, kind, detail, fields, members)
    }

    /// The answer; `instance` is the path it is about.
    func reply(instance: Substring) -> Reply {
        let object = JSONValue.object(
            [
                ("type", .string("urn:freshet:problem:\(kind)")),
                ("title", .string(Problem.title(status))),
                ("status", .number(Int64(status))),
                ("detail", .string(detail)),
                ("instance", .string(String(instance))),
            ] + members)
        return Reply(status, type: "application/problem+json", text: object.text + "\n", fields: fields)
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Error"
        }
    }
}
