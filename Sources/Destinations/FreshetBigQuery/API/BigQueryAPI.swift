import FreshetCore
import FreshetDocument
import NIOHTTP1
import Synchronization

/// Where a dataset lies, once it is known; it never moves.
final class DatasetPlace: Sendable {
    private let state: Mutex<String?>

    init(_ location: String?) { state = Mutex(location) }

    var location: String? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// The calls of BigQuery's REST API (v2) that loading needs.
///
/// Errors: ``BigQueryError``, `CancellationError`. Every call is one request, besides one more after a refused token.
struct BigQueryAPI: Sendable {
    let project: String
    let dataset: String
    /// Where jobs run.
    let place: DatasetPlace
    /// The API's base URL without a slash at its end.
    let base: String
    let transport: any HTTPTransport
    let tokens: AccessTokens?

    private var root: String { "\(base)/bigquery/v2/projects/\(project)" }
    private var tablesURL: String { "\(root)/datasets/\(dataset)/tables" }
    var uploadURL: String { "\(base)/upload/bigquery/v2/projects/\(project)/jobs" }

    // MARK: Tables

    /// A table as it is; `nil` when there is none.
    func table(_ name: String) async throws -> WarehouseTable? {
        let answer = try await send(HTTPCall(url: "\(tablesURL)/\(name)"))
        return answer.status == 404 ? nil : try WarehouseTable(Self.object(answer))
    }

    /// Where the dataset lies, as it was declared or as BigQuery says.
    ///
    /// Outside of the multi-regions BigQuery finds a job only when it is told where it ran.
    func location() async throws -> String? {
        if let known = place.location { return known }
        let answer = try await send(HTTPCall(url: "\(root)/datasets/\(dataset)"))
        if answer.status == 404 {
            throw BigQueryError(
                .destination, reason: "notFound",
                message: "there is no dataset \(project).\(dataset); the rows stay queued. Create it, in the location "
                    + "where the data shall lie")
        }
        place.location = try Self.object(answer)["location"]?.string
        return place.location
    }

    /// Creates a table; one that exists already is left as it is.
    func createTable(_ definition: [UInt8]) async throws {
        let answer = try await send(json(.POST, tablesURL, definition))
        if answer.status != 409 { _ = try Self.object(answer) }
    }

    /// Changes what `change` names of a table and nothing else.
    func patchTable(_ name: String, _ change: [UInt8]) async throws {
        _ = try Self.object(try await send(json(.PATCH, "\(tablesURL)/\(name)", change)))
    }

    /// Removes a table; one that is not there is no error.
    func deleteTable(_ name: String) async throws {
        let answer = try await send(HTTPCall(method: .DELETE, url: "\(tablesURL)/\(name)"))
        if answer.status >= 300, answer.status != 404 { throw Self.error(answer) }
    }

    // MARK: Jobs

    /// A job; `nil` when there is none of this id.
    func job(_ id: String) async throws -> JobRecord? {
        let place = try await location().map { "?location=\($0)" } ?? ""
        let answer = try await send(HTTPCall(url: "\(root)/jobs/\(id)\(place)"))
        return answer.status == 404 ? nil : try JobRecord(Self.object(answer))
    }

    /// Begins a job that needs no rows.
    func insertJob(_ job: [UInt8]) async throws -> JobInsertion {
        try Self.insertion(try await send(json(.POST, "\(root)/jobs", job)))
    }

    static func insertion(_ answer: HTTPAnswer) throws(BigQueryError) -> JobInsertion {
        answer.status == 409 ? .duplicate : .accepted(try JobRecord(try object(answer)))
    }

    // MARK: Requests

    func json(_ method: HTTPMethod, _ url: String, _ body: [UInt8]) -> HTTPCall {
        HTTPCall(method: method, url: url, headers: ["content-type": "application/json; charset=UTF-8"], body: body)
    }

    /// Sends a call with a token; after a 401 once more with a new one.
    func send(_ call: HTTPCall) async throws -> HTTPAnswer {
        guard let tokens else { return try await transport.send(call) }
        for isLast in [false, true] {
            let token = try await tokens.current()
            var call = call
            call.headers.replaceOrAdd(name: "authorization", value: "Bearer \(token)")
            let answer = try await transport.send(call)
            if answer.status != 401 || isLast { return answer }
            await tokens.drop(token)
        }
        throw BigQueryError.unreachable("no token")
    }

    /// The object in a good answer.
    static func object(_ answer: HTTPAnswer) throws(BigQueryError) -> JSONValue {
        guard (200..<300).contains(answer.status) else { throw error(answer) }
        guard let root = try? JSONTape(answer.body).root, root.kind == .object else { throw .strange("no JSON object") }
        return root
    }

    /// Reads the error of an answer: which part of the work it stops, and BigQuery's own words.
    static func error(_ answer: HTTPAnswer) -> BigQueryError {
        let error = (try? JSONTape(answer.body).root)?["error"]
        let reason = error?["errors"]?[0]?["reason"]?.string ?? error?["status"]?.string ?? "http\(answer.status)"
        let text = ErrorText.clean(error?["message"]?.string ?? "HTTP \(answer.status)")
        let retryAfter = answer.headers.first(name: "retry-after").flatMap { Int($0) }.map { Duration.seconds($0) }
        switch answer.status {
        case 400, 409, 412, 413:
            return BigQueryError(.table, reason: reason, message: "\(text); the rows stay queued and are tried again")
        case 401, 403, 404:
            return BigQueryError(
                .destination, reason: reason,
                message:
                    "\(text); the rows stay queued. Check project, dataset, location, and that the account has the "
                    + "roles BigQuery Data Editor and BigQuery Job User", retryAfter: retryAfter)
        default:
            return BigQueryError(
                .destination, reason: reason, message: "\(text); the rows stay queued", retryAfter: retryAfter)
        }
    }
}
