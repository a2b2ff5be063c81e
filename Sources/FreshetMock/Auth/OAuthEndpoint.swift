import NIOCore
import NIOHTTP1

/// The OAuth2 endpoints: `POST /__oauth/token` and `POST /__oauth/revoke`.
struct OAuthEndpoint {
    static let prefix = "/__oauth/"
    let core: MockCore

    func respond(to request: MockRequest) -> MockResponse {
        guard request.method == "POST" else { return .json(["error": "invalid_request"], status: 405) }
        let text = String(buffer: request.body)
        let form = Dictionary(Target.query(text[...]).map { ($0.name, $0.value) }) { first, _ in first }
        switch request.path {
        case "/__oauth/token": return token(form, request)
        case "/__oauth/revoke":
            _ = core.withIssuer { issuer, _ in issuer.revoke(form["token"] ?? "") }
            return .json("{}")
        default: return .json(["error": "not_found"], status: 404)
        }
    }

    private func token(_ form: [String: String], _ request: MockRequest) -> MockResponse {
        var (client, secret) = (form["client_id"], form["client_secret"])
        if let basic = request.headers.first(name: "authorization"), basic.lowercased().hasPrefix("basic "),
            let pair = Base64.decode(basic.dropFirst(6))?.split(separator: ":", maxSplits: 1), pair.count == 2
        {
            (client, secret) = (Target.decode(pair[0], plusIsSpace: true), Target.decode(pair[1], plusIsSpace: true))
        }
        do throws(TokenIssuer.Refusal) {
            let issued = core.withIssuer { issuer, now in
                Result { () throws(TokenIssuer.Refusal) in
                    try issuer.issue(grant: form["grant_type"], client: client, secret: secret, now: now)
                }
            }
            guard let issued else { return .json(["error": "not_found"], status: 404) }
            let (token, seconds) = try issued.get()
            var response = MockResponse.json([
                "access_token": .string(token), "token_type": "Bearer", "expires_in": .int(seconds),
            ])
            response.headers.add(name: "cache-control", value: "no-store")
            return response
        } catch {
            return .json(["error": .string(error.rawValue)], status: error == .invalidClient ? 401 : 400)
        }
    }
}
