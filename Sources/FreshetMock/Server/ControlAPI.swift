import NIOCore

/// What the control routes ask of the server that runs them.
enum ControlAction: Sendable, Equatable {
    case none
    /// Reset every connection, and every new one at its first request, until `up`.
    case down
    /// Accept again.
    case up
    /// Close the listening socket for this long.
    case refuse(Duration)
}

/// The routes under `/__mock/`, on the port of the mock itself.
///
/// They are never counted and no fault strikes them.
struct ControlAPI {
    static let prefix = "/__mock/"
    let core: MockCore

    func respond(to request: MockRequest) -> (MockResponse, ControlAction) {
        do throws(MockSpecError) {
            return try route(request)
        } catch {
            return (.json(["error": .string(error.description)], status: 400), .none)
        }
    }

    private func route(_ request: MockRequest) throws(MockSpecError) -> (MockResponse, ControlAction) {
        switch "\(request.method) \(request.path)" {
        case "GET /__mock/counters": return (.json(core.report().json), .none)
        case "GET /__mock/limits": return (.json(core.report().limitsJSON), .none)
        case "GET /__mock/faults": return (.json(core.faultReport), .none)
        case "GET /__mock/requests":
            let records = core.requests(last: request.integer("limit") ?? 100)
            return (.json(.array(records.map(\.json))), .none)
        case "POST /__mock/faults":
            core.setFaults(try FaultSpec.parse(try texts(request.body)))
            return (.json(core.faultReport), .none)
        case "DELETE /__mock/faults":
            core.setFaults([])
            return (MockResponse(status: 204), .none)
        case "POST /__mock/reset":
            core.reset()
            return (MockResponse(status: 204), .none)
        case "POST /__mock/oauth/revoke":
            _ = core.withIssuer { issuer, _ in issuer.revokeAll() }
            return (MockResponse(status: 204), .none)
        case "POST /__mock/down":
            guard let text = request.parameter("for") else { return (MockResponse(status: 204), .down) }
            return (MockResponse(status: 204), .refuse(try MockUnits.duration(text)))
        case "POST /__mock/up": return (MockResponse(status: 204), .up)
        default: return (.json(["error": .string(Self.help)], status: 404), .none)
        }
    }

    private static let help = """
        Routes: GET /__mock/counters, /__mock/limits, /__mock/faults, /__mock/requests?limit=N; POST /__mock/faults with a \
        JSON array of fault texts; DELETE /__mock/faults; POST /__mock/reset, /__mock/oauth/revoke, /__mock/down, \
        /__mock/down?for=5s, /__mock/up.
        """

    private func texts(_ body: ByteBuffer) throws(MockSpecError) -> [String] {
        let value: MockJSON
        do { value = try MockJSON(parsing: body.readableBytesView) } catch { throw MockSpecError(error.description) }
        guard let items = value.arrayValue else { throw MockSpecError("Send a JSON array of fault texts.") }
        var texts: [String] = []
        for item in items {
            guard let text = item.stringValue else { throw MockSpecError("Send a JSON array of fault texts.") }
            texts.append(text)
        }
        return texts
    }
}
