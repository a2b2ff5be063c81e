import FreshetCore
import HTTPTypes
import HummingbirdCore
import NIOCore

/// An answer before it is put into Hummingbird's form.
struct Reply: Sendable {
    var status: Int
    /// In this order on the wire.
    var fields: [(name: String, value: String)]
    var body: ByteBuffer
    /// Writes the body piece by piece instead of ``body``, until it returns or the client goes.
    var stream: (@concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void)?

    init(_ status: Int, _ fields: [(name: String, value: String)] = [], body: ByteBuffer = ByteBuffer()) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }

    /// A text body of a media type, with its length.
    init(_ status: Int, type: String, text: String, fields: [(name: String, value: String)] = []) {
        let body = ByteBuffer(string: text)
        self.init(
            status, [("Content-Type", type), ("Content-Length", String(body.readableBytes))] + fields, body: body)
    }

    static func json(
        _ status: Int = 200, _ value: JSONValue, _ fields: [(name: String, value: String)] = []
    ) -> Reply {
        Reply(status, type: "application/json", text: value.text + "\n", fields: fields)
    }

    /// Splits a head that was written as bytes, so that both lanes send the same fields in the same order.
    init(head: ByteBuffer, body: ByteBuffer) {
        let lines = String(buffer: head).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 500
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(colon, offsetBy: 2)...]))
        }
        self.init(status, fields, body: body)
    }

    /// Hummingbird's form; a `HEAD` keeps every field and loses the body.
    func response(isHead: Bool, closes: Bool, now: Timestamp) -> Response {
        var all = HTTPFields()
        all.reserveCapacity(fields.count + 3)
        for field in fields {
            if let name = HTTPField.Name(field.name) { all.append(HTTPField(name: name, value: field.value)) }
        }
        if all[.contentLength] == nil, status != 304, status != 204, stream == nil {
            all[.contentLength] = String(body.readableBytes)
        }
        if all[.date] == nil { all[.date] = now.httpDate }
        if closes { all[.connection] = "close" }
        if let stream, !isHead {
            let body = ResponseBody { writer in
                try await stream(&writer)
                try await writer.finish(nil)
            }
            return Response(status: HTTPResponse.Status(code: status), headers: all, body: body)
        }
        let isEmpty = isHead || body.readableBytes == 0
        return Response(
            status: HTTPResponse.Status(code: status), headers: all,
            body: isEmpty ? ResponseBody() : ResponseBody(byteBuffer: body))
    }
}
