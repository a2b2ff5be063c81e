import FreshetCore
import OecApp

/// `apps.oec:` as the file has it.
struct OecDraft: Sendable {
    var options = OecOptions()
    var folder: String?
    var place = Place()

    init() {}

    init(showing options: OecOptions) { (self.options, folder) = (options, options.folder) }

    /// `nil` when the whole number does not fit.
    var seed: Int {
        get { Int(exactly: options.fallbackSeed) ?? 1 }
        set { options.fallbackSeed = UInt64(max(0, newValue)) }
    }
}

/// `apps.oec:`.
enum OecTable {
    static let section = Section<OecDraft>(
        "oec", at: "apps.oec", doc: "OEC: export values by product and country, and the game that is scored with them.",
        example: "{ year: 2023, history: [2021, 2022] }", defaults: OecDraft(), place: \.place, keepsPartial: true,
        keys: [
            Key(
                "base_url", \.options.baseURL, .url(isBase: true), synonyms: ["url", "base", "host"],
                "Where the API is."),
            Key(
                "year", \.options.year, .integer(1962...2200), synonyms: ["main_year"],
                "The year that is shown and played with; every product of it is refreshed."),
            Key(
                "history", \.options.history, .oneOrMore(.integer(1962...2200)), defaultWords: "none",
                synonyms: ["years", "backfill"],
                "Further years. Each product is fetched once for each of them, for trends; what is there is not asked for again."
            ),
            Key(
                "cubes", \.options.cubes, .oneOrMore(.text("cube", example: "trade_i_baci_a_22")), synonyms: ["cube"],
                "The cubes that may hold a product, in the order in which they are asked; the next is asked when one has nothing. "
                    + "A product of six digits that is in none is asked for by its heading of four."),
            Key(
                "max_age", \.options.maxAge, .duration(atLeast: .seconds(1)), synonyms: ["cache", "ttl"],
                "How old values may grow before they count as stale; `CACHE_HOURS` sets it, too."),
            Key(
                "every", \.options.every, .period(atLeast: .seconds(1)), synonyms: ["interval", "refresh"],
                "How often every product is fetched again; `UPDATE_INTERVAL_HOURS` sets it, too."),
            Key(
                "timeout", \.options.timeout, .duration(atLeast: .milliseconds(10)),
                "How long one call may take; `OEC_API_TIMEOUT` sets it, too."),
            Key(
                "concurrency", \.options.concurrency, .integer(1...10), synonyms: ["connections"],
                "The most calls in flight."),
            Key(
                "calls_per_day", \.options.callsPerDay, .integer(1...1_000_000), synonyms: ["rate_limit", "limit"],
                "The most calls in a day. One refresh of everything takes 132, and one more for each cube that lacks a product."
            ),
            Key(
                "fallback", \.options.usesFallback, .boolean, synonyms: ["fallback_enabled"],
                "Whether values that upstream has never given are made up from trade patterns, and marked `fallback`; "
                    + "`FALLBACK_ENABLED` sets it, too. `off`: no data is a 503."),
            Key(
                "fallback_seed", \.seed, .integer(0...Int.max), synonyms: ["seed"],
                "Another seed, other made-up values."),
            Key(
                "folder", \.folder, .optional(.text("path", example: "./data")), defaultWords: "`data_dir`",
                synonyms: ["files", "data"],
                "Where `export_data.json` and `metadata.json` stand; `DATA_DIR` sets it, too. A relative path starts at the folder "
                    + "of this file."),
            Key(
                "user_agent", \.options.userAgent, .text(example: "my-oec-mirror"), "What Freshet calls itself to OEC."),
        ])
}
