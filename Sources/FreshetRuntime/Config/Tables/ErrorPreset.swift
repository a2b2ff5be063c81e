import FreshetCore

/// Ready error rules of a public API, by name.
struct ErrorPreset: Sendable {
    let name: String
    /// One sentence for the reference.
    let doc: String
    let rules: [ErrorRule]

    static let all: [ErrorPreset] = [clash, torn]
    static var names: [String] { all.map(\.name) }

    /// Torn tells errors by a code in the body, historically with status 200, so the status is not looked at.
    static let torn = ErrorPreset(
        name: "torn",
        doc: "Torn City: `$.error.code` decides, whatever the status is.",
        rules: [
            code([5], .wait, .seconds(60)),
            code([1, 2], .disableKey),
            code([10, 13, 18], .parkKey, .seconds(6 * 3600)),
            code([14], .parkKey, .seconds(3600)),
            code([8], .stopSource, .seconds(3600)),
            code([9, 24], .maintenance),
            code([3, 4, 6, 7, 11, 16, 19, 20, 21, 22, 23], .permanent),
            // 0, 12, 15, 17 and codes that appear later: an error body is never taken for a document.
            ErrorRule(path: "$.error", effect: .retry),
        ])

    /// A private war log answers 403 as a bad key does; only the message tells them apart.
    static let clash = ErrorPreset(
        name: "clash",
        doc: "Clash of Clans: a private war log (403) is an answer about the document, not about the key.",
        rules: [
            ErrorRule(
                statuses: [403], path: "$.reason", equals: ["accessDenied.invalidIp"], effect: .parkKey,
                duration: .seconds(600)),
            ErrorRule(statuses: [403], path: "$.message", equals: ["Invalid authorization"], effect: .disableKey),
            ErrorRule(statuses: [403], path: "$.reason", equals: ["accessDenied"], effect: .permanent),
            ErrorRule(statuses: [429], effect: .wait),
            ErrorRule(statuses: [503], effect: .maintenance),
        ])

    private static func code(_ codes: [Int], _ effect: FailureClass, _ duration: Duration? = nil) -> ErrorRule {
        ErrorRule(path: "$.error.code", equals: Set(codes.map(String.init)), effect: effect, duration: duration)
    }
}
