import FreshetCore

/// Turns a permit's credential into the key that goes on the wire: itself, or the access token that it stands for.
struct KeyRing: Sendable {
    let source: SourceConfig
    let tokens: TokenCache
    let deadline: Deadline
    let transport: any Transport
    let userAgent: String

    /// A key ready for use.
    struct Key: Sendable {
        var value: Secret
        /// Whether fetching another could help when this one is refused.
        var isRenewable = false
    }

    enum Answer: Sendable {
        case key(Key)
        case failed(CallFailure)
    }

    /// The key of a credential; for OAuth 2.0 this may call the token endpoint.
    func key(for credential: Credential) async -> Answer {
        guard case .oauth2(let tokenURL, let scope) = source.auth.method else {
            return .key(Key(value: credential.secret))
        }
        guard let url = HTTPURL(tokenURL),
            var request = TokenGrant.request(to: url, scope: scope, key: credential.secret, userAgent: userAgent)
        else {
            return .failed(
                CallFailure(
                    effect: .disableKey, kind: "token-configuration",
                    message: "No access token can be fetched: token_url must be an http or https URL and each key "
                        + "client_id:client_secret."))
        }
        request.caFile = source.tls.caFile
        let (deadline, transport, timeout, call) = (deadline, transport, source.timeout, request)
        let answer = await tokens.token(for: name(of: credential), now: deadline.clock.monotonic()) {
            let result = await deadline.send(call, over: transport, within: timeout) { _ in
                .all(limit: TokenGrant.maxBody)
            }
            return TokenGrant.read(result, clock: deadline.clock)
        }
        switch answer {
        case .token(let issue): return .key(Key(value: issue.token.value, isRenewable: !issue.isNew))
        case .failed(let failure): return .failed(failure)
        }
    }

    /// Forgets a refused access token, so that the next ``key(for:)`` fetches another.
    func forget(_ key: Key, of credential: Credential) async { await tokens.forget(name(of: credential), key.value) }

    private func name(of credential: Credential) -> TokenCache.Name {
        guard case .oauth2(let tokenURL, let scope) = source.auth.method else {
            return TokenCache.Name(source: source.name, tokenURL: "", scope: nil, key: credential.secret)
        }
        return TokenCache.Name(source: source.name, tokenURL: tokenURL, scope: scope, key: credential.secret)
    }
}
