/// An OAuth2 authorisation server for client credentials.
///
/// Pure: time and chance are passed in.
struct TokenIssuer {
    /// Why a token was not issued, in the words of RFC 6749.
    enum Refusal: String, Error {
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case unsupported = "unsupported_grant_type"
    }

    private struct Token {
        let client: String
        let expires: Duration
    }

    private let clients: [String: String]
    private let lifetime: Duration
    private let revokesOlder: Bool
    private var tokens: [String: Token] = [:]
    private var random: SeededRandom
    /// Tokens issued so far.
    private(set) var issued = 0

    init(_ options: MockOptions.OAuth, seed: UInt64) {
        clients = options.clients
        lifetime = options.lifetime
        revokesOlder = options.rotates
        random = SeededRandom(seed: seed)
    }

    /// Issues a token.
    ///
    /// - Returns: The token and its lifetime in whole seconds.
    mutating func issue(grant: String?, client: String?, secret: String?, now: Duration) throws(Refusal) -> (
        String, Int
    ) {
        guard let grant else { throw .invalidRequest }
        guard grant == "client_credentials" else { throw .unsupported }
        guard let client, let secret, clients[client] == secret else { throw .invalidClient }
        tokens = tokens.filter { $0.value.expires > now && !(revokesOlder && $0.value.client == client) }
        issued += 1
        let bytes = (0..<24).map { _ in UInt8.random(in: 0...255, using: &random) }
        let token = Base64.encode(bytes)
        tokens[token] = Token(client: client, expires: now + lifetime)
        return (token, Int(lifetime.components.seconds))
    }

    /// The client that a valid token belongs to, or `nil` when the token is unknown, expired or revoked.
    func client(of token: String, now: Duration) -> String? {
        guard let found = tokens[token], found.expires > now else { return nil }
        return found.client
    }

    /// Makes one token invalid; unknown ones are ignored.
    mutating func revoke(_ token: String) { tokens[token] = nil }

    /// Makes every token invalid.
    mutating func revokeAll() { tokens = [:] }
}
