import ArgumentParser
import AsyncHTTPClient
import FreshetCore
import FreshetDocument
import FreshetRuntime
import Glibc
import NIOCore
import NIOHTTP1

/// Talks to the server on the data directory; when none runs, to a private one that holds the lock meanwhile.
struct Control {
    let baseURL: String
    let token: String?

    /// An answer of the server.
    struct Answer {
        let status: Int
        let body: [UInt8]

        /// The document, or the end of the command when it is not JSON.
        func json() throws -> JSONValue {
            guard let tape = try? JSONTape(body) else {
                throw Exit.fail("the server answered \(status) with something that is not JSON", Exit.unavailable)
            }
            return tape.root
        }

        /// Throws with the problem's own words unless the status is good.
        func expectSuccess() throws -> Answer {
            guard status >= 400 else { return self }
            let problem = try? JSONTape(body).root
            let detail = problem?["detail"]?.string ?? problem?["title"]?.string ?? "no reason given"
            let code: ExitCode =
                status == 503 || status == 429 ? Exit.tryLater : status >= 500 ? Exit.unavailable : Exit.badData
            throw Exit.fail("\(detail) (HTTP \(status))", code)
        }
    }

    /// Runs `body` against whoever holds the data directory.
    static func with<Result: Sendable>(
        _ loaded: LoadedConfiguration, working: Bool = false,
        _ body: @Sendable @escaping (Control) async throws -> Result
    ) async throws -> Result {
        let configuration = loaded.configuration
        let token = getenv("FRESHET_TOKEN").map { String(cString: $0) }
        if let holder = Runtime.holder(of: configuration) {
            guard let url = holder.url else {
                throw Exit.fail(
                    "process \(holder.pid) holds \(configuration.dataDirectory) and serves nothing yet; try again when it "
                        + "has started or ended", Exit.tryLater)
            }
            return try await body(Control(baseURL: url, token: token ?? holder.token))
        }
        do {
            return try await Runtime.withPrivateServer(configuration, working: working) { url, token in
                try await body(Control(baseURL: url, token: token))
            }
        } catch let error as RuntimeError {
            throw Exit.fail("\(error)", ExitCode(error.exitCode))
        }
    }

    /// Sends a request and reads the whole answer, at most `limit` bytes of it.
    func call(
        _ method: HTTPMethodName, _ path: String, json: [UInt8]? = nil, lines: [UInt8]? = nil, limit: Int = 64 << 20
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: json))
        } else if let lines {
            request.headers.add(name: "Content-Type", value: "application/x-ndjson")
            request.body = .bytes(ByteBuffer(bytes: lines))
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(90))
            let body = try await response.body.collect(upTo: limit)
            return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch {
            throw Exit.fail("the server at \(baseURL) does not answer (\(error)); is it running?", Exit.unavailable)
        }
    }
}

/// The methods that commands use.
enum HTTPMethodName: String {
    case get = "GET"
    case post = "POST"
    case delete = "DELETE"
}

/// Prints a body as it came, with a line end.
func printJSON(_ body: [UInt8]) { print(String(decoding: body, as: UTF8.self)) }

/// A JSON object of texts, for request bodies.
func jsonObject(_ fields: [(String, String)]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, value) in fields {
        writer.key(name)
        writer.string(value)
    }
    writer.endObject()
    return writer.bytes
}
