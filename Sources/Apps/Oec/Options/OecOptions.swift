public import FreshetCore

/// What the OEC app is made from.
public struct OecOptions: Sendable {
    /// Below which every path lies, without a trailing slash.
    public var baseURL = "https://api-v2.oec.world"
    /// The year that is shown and played with.
    public var year = 2023
    /// Further years that are fetched once, for trends; in ascending order, without ``year``.
    public var history: [Int] = []
    /// The cubes that may hold a product, in the order in which they are asked.
    public var cubes = ["trade_i_baci_a_22", "trade_i_baci_a_96", "trade_i_baci_a_92"]
    /// How old values may grow before they count as stale.
    public var maxAge = Duration.seconds(86_400)
    /// How often every product is fetched again.
    public var every = Period(.seconds(86_400))
    /// The longest that one call may take.
    public var timeout = Duration.seconds(30)
    /// The most calls in flight, 1...10.
    public var concurrency = 10
    /// The most calls in a day.
    public var callsPerDay = 2_000
    /// Whether values that upstream has never given are made up from trade patterns, and marked so.
    public var usesFallback = true
    /// Another seed, other made-up values.
    public var fallbackSeed: UInt64 = 1
    /// The folder of `export_data.json` and `metadata.json`, an absolute path; the data directory when `nil`.
    public var folder: String?
    /// What the app calls itself to upstream.
    public var userAgent = "Freshet (OEC mirror)"

    /// Creates options with defaults.
    public init() {}

    /// Every year that is mirrored, in ascending order.
    public var years: [Int] { Set(history + [year]).sorted() }
}
