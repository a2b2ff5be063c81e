import FreshetCore
import FreshetDocument

/// The OAuth 2.0 client credentials grant (RFC 6749 section 4.4), without any I/O.
enum TokenGrant {
    /// An access token and how long it may be used.
    struct Token: Sendable {
        var value: Secret
        /// On the monotonic clock, the safety margin taken off.
        var usableUntil: Duration
    }

    /// What a token endpoint's answer means.
    enum Reading: Sendable {
        case token(Token)
        case failed(CallFailure)
    }

    /// How long a token counts when the endpoint does not say.
    static let defaultLifetime = Duration.seconds(600)
    /// The most of an endpoint's answer that is read.
    static let maxBody = 64 << 10

    /// The request for a token; `nil` when the key is not `client_id:client_secret`.
    static func request(to url: HTTPURL, scope: String?, key: Secret, userAgent: String) -> TransportRequest? {
        let parts = key.reveal().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        var body = "grant_type=client_credentials"
        if let scope, !scope.isEmpty { body += "&scope=" + PercentEncoding.encode(scope) }
        // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
        let pair = parts.map { PercentEncoding.encode(String($0)) }.joined(separator: ":")
        let headers: HeaderFields = [
            "User-Agent": userAgent, "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + Base64.encode(Array(pair.utf8)),
        ]
        return TransportRequest(method: "POST", url: url, headers: headers, body: Array(body.utf8))
    }

    /// Reads the endpoint's answer.
    ///
    /// - Parameters:
    ///   - result: What the transport brought.
    ///   - clock: For dates in `Retry-After` and the token's end.
    /// - Returns: The token, or what its absence means for the key.
    static func read(_ result: TransportResult, clock: any FreshetClock) -> Reading {
        switch result {
        case .failed(let failure):
            return .failed(
                CallFailure(
                    effect: .retry, kind: "token-" + failure.kind.rawValue,
                    message: "No access token could be fetched: \(failure.detail).", status: failure.head?.status))
        case .answer(let answer):
            guard answer.head.status == 200 else { return .failed(refusal(answer, now: clock.now())) }
            return token(in: answer, at: clock.monotonic())
        }
    }

    private static func token(in answer: TransportAnswer, at now: Duration) -> Reading {
        let root = try? JSONTape(answer.body).root
        guard let value = root?["access_token"]?.string, !value.isEmpty else {
            return .failed(unusable("it has no access_token"))
        }
        if let type = root?["token_type"]?.string, type.lowercased() != "bearer" {
            return .failed(unusable("its token_type is not bearer"))
        }
        let seconds = root?["expires_in"].flatMap { $0.double ?? $0.string.flatMap(Double.init) }
        let lifetime = seconds.map { Duration.seconds(min(max($0, 0), 86_400 * 365)) } ?? defaultLifetime
        let margin = min(lifetime / 10, .seconds(60))
        return .token(Token(value: Secret(value), usableUntil: now + lifetime - margin))
    }

    private static func unusable(_ why: String) -> CallFailure {
        CallFailure(
            effect: .parkKey, kind: "token-unusable",
            message: "The token endpoint answered 200, but \(why). Check token_url and scope.", status: 200)
    }

    private static func refusal(_ answer: TransportAnswer, now: Timestamp) -> CallFailure {
        let status = answer.head.status
        let error = (try? JSONTape(answer.body))?.root["error"]?.string ?? ""
        let retryAfter = RetryAfter.read(answer.head.headers, now: now)
        let (effect, kind): (FailureClass, String) =
            switch (status, error) {
            case (_, "invalid_client"), (_, "unauthorized_client"): (.disableKey, "token-refused")
            case (401, _): (.disableKey, "token-refused")
            case (408, _), (425, _), (500..., _): (.retry, "token-\(status)")
            default: (.parkKey, "token-\(status)")
            }
        let known = error.isEmpty ? "" : " (\(SafeText.short(error)))"
        return CallFailure(
            effect: effect, retryAfter: retryAfter, kind: kind,
            message: "The token endpoint answered \(status)\(known). Check the client id, its secret and the scope.",
            status: status)
    }
}
