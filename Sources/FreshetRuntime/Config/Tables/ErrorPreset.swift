import FreshetCore
import TornApp

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
        doc: "Torn City: the code in the body decides, at `$.error.code` or `$.code`, whatever the status is.",
        rules: TornErrors.rules)

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
            // No document of this API has a reason; an error that comes with 200 is one all the same.
            ErrorRule(statuses: [200], path: "$.reason", effect: .retry),
        ])
}
