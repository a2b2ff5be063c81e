import FreshetCore

/// A limit as the file has it.
struct LimitDraft: Sendable {
    var scope = LimitConfig.Scope.endpoint
    var calls = 0
    var per = Duration.zero
    var datasets: [Located<String>]?
    var place = Place()

    init() {}

    init(showing limit: LimitConfig) {
        (scope, calls, per) = (limit.scope, limit.calls, limit.per)
        datasets = limit.datasets?.sorted().map { Located(value: $0.description) }
    }
}

/// The entries of `limits:`.
enum LimitTable {
    static let sourceLimit = Section<LimitDraft>(
        "limit", at: "sources.<source>.limits[]",
        doc: "So many calls in any window of that length, as the API's server counts them.",
        example: "{ scope: key, calls: 40, per: PT1S }", defaults: LimitDraft(), place: \.place,
        keys: [
            Key(
                "scope", \.scope, .choice("a scope"), required: true, synonyms: ["by", "type"],
                "What the server counts by: each key, the keys of one account together, everything from this address, "
                    + "or each dataset."),
            calls, per,
            Key(
                "datasets", \.datasets, .optional(.oneOrMore(.located(.text("dataset", example: "clash.clan")))),
                defaultWords: "all of the source", synonyms: ["dataset", "endpoints", "only"],
                "The datasets that it applies to."),
        ])

    static let datasetLimit = Section<LimitDraft>(
        "dataset_limit", at: "datasets.<dataset>.limits[]",
        doc: "A limit of the source that counts calls of this dataset only.",
        example: "{ calls: 20, per: PT1S }", defaults: LimitDraft(), place: \.place,
        keys: [
            Key("scope", \.scope, .choice("a scope"), synonyms: ["by", "type"], "What the server counts by."),
            calls, per,
        ])

    private static let calls = Key<LimitDraft>(
        "calls", \.calls, .integer(1...1_000_000_000), required: true,
        synonyms: ["requests", "count", "limit", "max", "rate"],
        "Calls allowed in any window.")
    private static let per = Key<LimitDraft>(
        "per", \.per, .duration(), required: true, synonyms: ["window", "interval", "period", "every", "seconds"],
        "The length of the window.")
}
