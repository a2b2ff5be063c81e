public import FreshetCore

/// What errors of the Clash of Clans API mean.
///
/// 403 has three meanings: the key is bound to another address, the key is wrong, or the clan keeps its war log private. Only
/// the last is about the document, and only calls about wars can get it.
public enum ClashErrors {
    /// The calls that a private war log closes.
    static let warCalls: Set<DatasetID> = [ClashDatasets.war, ClashDatasets.warLog, ClashDatasets.leagueGroup]

    /// The rules, in order; the first that matches decides.
    public static let rules: [ErrorRule] = [
        ErrorRule(
            statuses: [403], path: "$.reason", equals: ["accessDenied.invalidIp"], effect: .parkKey,
            duration: .seconds(600)),
        ErrorRule(statuses: [403], path: "$.message", equals: ["Invalid authorization"], effect: .disableKey),
        // A state of the document like a 404: remembered, never tried again before it is due.
        ErrorRule(
            datasets: warCalls, statuses: [403], path: "$.reason", equals: ["accessDenied"], effect: .notFound),
        ErrorRule(statuses: [429], effect: .wait),
        ErrorRule(statuses: [503], effect: .maintenance),
        // No document of this API has a reason; an error that comes with 200 is one all the same.
        ErrorRule(statuses: [200], path: "$.reason", effect: .retry),
    ]
}
