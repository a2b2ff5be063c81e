import FreshetCore

/// One step of a call: the first request, or a redirect of it.
struct Hop: Sendable, Hashable {
    var url: HTTPURL
    var method: String
    /// Whether the request's body goes along.
    var keepsBody = true
    /// Whether the source's credentials may go along.
    ///
    /// Once lost they stay lost: a foreign host must not be able to send us back with them.
    var isTrusted = true
}

/// Decides which redirects are followed, and what they lose.
///
/// Pure; one value per call.
struct RedirectPolicy: Sendable {
    enum Step: Sendable, Hashable {
        /// The answer is no redirect, or one that is not ours to follow.
        case stay
        case follow(Hop)
        /// Following would go wrong.
        case refuse(kind: String, message: String)
    }

    private let base: HTTPURL
    private let limit: Int
    private var seen: Set<String>
    private var count = 0

    /// - Parameters:
    ///   - base: The source's base URL.
    ///   - limit: How many redirects are followed.
    ///   - first: The first request.
    init(base: HTTPURL, limit: Int, first: Hop) {
        (self.base, self.limit) = (base, limit)
        seen = [first.method + " " + first.url.text]
    }

    /// Decides about the answer to a hop.
    ///
    /// Followed are 301, 302, 303, 307 and 308 of `GET` and `HEAD`; of other methods only 303, as `GET` and without
    /// the body, because
    /// the others would repeat an effect.
    mutating func step(after hop: Hop, status: Int, location: String?) -> Step {
        guard [301, 302, 303, 307, 308].contains(status) else { return .stay }
        let isSafe = hop.method == "GET" || hop.method == "HEAD"
        guard isSafe || status == 303 else { return .stay }
        guard let location, let target = hop.url.resolving(location) else {
            return .refuse(
                kind: "bad-redirect",
                message: "The answer is a redirect (\(status)) without a usable http or https address in Location.")
        }
        count += 1
        guard count <= limit else {
            return .refuse(
                kind: "too-many-redirects",
                message: "The answer redirects more than \(limit) times. Raise max_redirects or correct base_url.")
        }
        var next = Hop(url: target, method: hop.method, keepsBody: hop.keepsBody, isTrusted: hop.isTrusted)
        if !isSafe { (next.method, next.keepsBody) = ("GET", false) }
        if !target.mayCarryCredentials(of: base) { next.isTrusted = false }
        guard seen.insert(next.method + " " + target.text).inserted else {
            return .refuse(
                kind: "redirect-loop", message: "The answer redirects in a circle. Check base_url and the key.")
        }
        return .follow(next)
    }

    /// Whether a hop goes to the source itself and so counts against its limits.
    func countsAgainstSource(_ hop: Hop) -> Bool { hop.url.mayCarryCredentials(of: base) }
}
