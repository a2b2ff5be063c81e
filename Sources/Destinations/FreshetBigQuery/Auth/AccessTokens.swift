import FreshetCore
import FreshetDocument
import JWTKit
import NIOHTTP1

/// The access token of a service account: fetched when needed, kept until shortly before it ends.
///
/// Isolation: guards the token and the flight; callers that find none wait on the same exchange.
actor AccessTokens {
    /// How long before its end a token is no longer used.
    static let margin = Duration.seconds(300)

    private struct Token: Sendable {
        var text: String
        /// Monotonic.
        var goodUntil: Duration
    }

    private let load: @Sendable () throws -> ServiceAccount
    private let transport: any HTTPTransport
    private let clock: any FreshetClock
    private var token: Token?
    private var flight: Task<Token, any Error>?

    /// Creates a source of tokens.
    ///
    /// - Parameters:
    ///   - load: Reads the key anew for each exchange, so that a changed file needs no restart.
    ///   - transport: Carries the exchange.
    ///   - clock: Its wall clock dates assertions, its monotonic clock ends tokens.
    init(
        load: @escaping @Sendable () throws -> ServiceAccount, transport: any HTTPTransport, clock: any FreshetClock
    ) {
        self.load = load
        self.transport = transport
        self.clock = clock
    }

    /// A token that is good for five minutes at least.
    func current() async throws -> String {
        if let token, token.goodUntil > clock.monotonic() { return token.text }
        if let flight { return try await flight.value.text }
        let (load, transport, clock) = (load, transport, clock)
        // Unstructured on purpose: it survives a cancelled first caller, the others wait on it.
        let flight = Task { try await Self.exchange(load(), transport, clock) }
        self.flight = flight
        defer { self.flight = nil }
        let token = try await flight.value
        self.token = token
        return token.text
    }

    /// Forgets a token that was refused.
    func drop(_ text: String) {
        if token?.text == text { token = nil }
    }

    private static func exchange(
        _ account: ServiceAccount, _ transport: any HTTPTransport, _ clock: any FreshetClock
    ) async throws -> Token {
        let assertion = try await Assertion.sign(for: account, at: clock.now())
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
        let began = clock.monotonic()
        let answer = try await transport.send(
            HTTPCall(
                method: .POST, url: account.tokenURI,
                headers: ["content-type": "application/x-www-form-urlencoded"], body: Array(form.utf8)))
        let root = try? JSONTape(answer.body).root
        guard answer.status == 200 else {
            let reason = root?["error"]?.string.map(ErrorText.clean) ?? "HTTP \(answer.status)"
            // Trouble on their side passes; a refusal wants a person, but is asked again all the same.
            throw BigQueryError(
                .destination, reason: answer.status >= 500 || answer.status == 429 ? "unreachable" : "credentials",
                message: "no token for \(account.email) (\(reason)); the rows stay queued. "
                    + "Check that the key is still valid and this machine's clock right")
        }
        guard let text = root?["access_token"]?.string, let seconds = root?["expires_in"]?.int64, seconds > 0 else {
            throw BigQueryError.strange("no access_token")
        }
        // A very short-lived token serves at least until half of its time.
        let life = Duration.seconds(seconds)
        return Token(text: text, goodUntil: began + max(life - margin, life / 2))
    }
}

/// The signed statement that is exchanged for a token (RFC 7523).
enum Assertion {
    private struct Claims: JWTPayload {
        var iss: String
        var scope = "https://www.googleapis.com/auth/bigquery"
        var aud: String
        var iat: Int64
        var exp: Int64

        // Assertions are only ever signed here; there is nothing to verify.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    static func sign(for account: ServiceAccount, at now: Timestamp) async throws -> String {
        let keys = JWTKeyCollection()
        let claims = Claims(
            iss: account.email, aud: account.tokenURI, iat: now.seconds, exp: now.seconds + 3_600)
        let kid = account.keyID.map { JWKIdentifier(string: $0) }
        do {
            let key = try Insecure.RSA.PrivateKey(pem: account.privateKey)
            await keys.add(rsa: key, digestAlgorithm: .sha256, kid: kid)
            return try await keys.sign(claims, kid: kid)
        } catch {
            // The error of the library may quote the key: it stays inside.
            throw BigQueryError(
                .destination, reason: "credentials",
                message: "the private key of \(account.email) cannot sign (RS256 wants an RSA key of 2048 bits or "
                    + "more). Download a JSON key of the account again")
        }
    }
}
