import FreshetCore

/// Access tokens by key: fetched when first needed, kept until shortly before they end, and never fetched twice at
/// once.
///
/// A token call is not a call to the data API and is not counted against its limits. Isolation: guards the two
/// tables; fetching runs
/// outside the actor.
actor TokenCache {
    /// Tokens belong to a key at an endpoint.
    struct Name: Hashable, Sendable {
        var source: String
        var tokenURL: String
        var scope: String?
        var key: Secret
    }

    /// A token, and whether it was fetched just now.
    struct Issue: Sendable {
        var token: TokenGrant.Token
        var isNew: Bool
    }

    enum Answer: Sendable {
        case token(Issue)
        case failed(CallFailure)
    }

    private var tokens: [Name: TokenGrant.Token] = [:]
    private var flights: [Name: Task<TokenGrant.Reading, Never>] = [:]

    /// The token of a key.
    ///
    /// - Parameters:
    ///   - name: Whose token.
    ///   - now: The monotonic clock.
    ///   - fetch: Fetches one; runs at most once at a time for a name. Failures are not remembered.
    /// - Returns: The token, or why there is none.
    func token(
        for name: Name, now: Duration, fetch: @escaping @Sendable @concurrent () async -> TokenGrant.Reading
    ) async -> Answer {
        if let token = tokens[name], token.usableUntil > now { return .token(Issue(token: token, isNew: false)) }
        if let flight = flights[name] { return TokenCache.answer(await flight.value) }
        // Unstructured on purpose: others wait for it too, so it survives a cancelled first caller. The fetch has its
        // own deadline.
        let flight = Task { await fetch() }
        flights[name] = flight
        let reading = await flight.value
        flights[name] = nil
        if case .token(let token) = reading { tokens[name] = token }
        return TokenCache.answer(reading)
    }

    /// Forgets a token that upstream refused; a newer one stays.
    func forget(_ name: Name, _ token: Secret) {
        if tokens[name]?.value == token { tokens[name] = nil }
    }

    private static func answer(_ reading: TokenGrant.Reading) -> Answer {
        switch reading {
        case .token(let token): .token(Issue(token: token, isNew: true))
        case .failed(let failure): .failed(failure)
        }
    }
}
