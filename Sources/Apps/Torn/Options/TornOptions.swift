public import FreshetCore

/// What the Torn app is made from: who asks, about whom, and how often.
public struct TornOptions: Sendable {
    /// An API key and whose it is.
    public struct Key: Sendable, Hashable {
        /// The name by which endpoints choose it.
        public var name: String
        /// The id shown in logs and metrics in place of the key.
        public var id: String
        /// The 16 characters.
        public var secret: Secret
        /// The Torn user who owns it: Torn counts calls per user, over all keys of that user.
        public var user: String
        /// The faction of that user; `nil` when it does not matter because there is one faction, or it is not known.
        public var faction: Int?

        /// Creates a key.
        public init(name: String, id: String, secret: Secret, user: String = "default", faction: Int? = nil) {
            (self.name, self.id, self.secret, self.user, self.faction) = (name, id, secret, user, faction)
        }
    }

    /// Where money and points of a faction are read.
    public enum BalanceRoute: String, Sendable, CaseIterable {
        /// `/v2/faction/balance`.
        case balance
        /// The selection `currency` of v1, which v2 passes on.
        case selection
    }

    /// The part of the crimes that is asked for, by the time at which they were created.
    ///
    /// Rows outside of it stay as they are.
    public struct Window: Sendable, Hashable {
        /// Crimes created after this moment; `nil` for all.
        public var from: Timestamp?
        /// Crimes created at this moment at the latest; `nil` for all.
        public var to: Timestamp?

        /// Creates a window; an empty one is everything.
        public init(from: Timestamp? = nil, to: Timestamp? = nil) { (self.from, self.to) = (from, to) }
    }

    /// How one endpoint is mirrored; what is `nil` follows the app's defaults.
    public struct Endpoint: Sendable, Hashable {
        /// How often it is fetched.
        public var every: Period?
        /// What becomes of earlier rows.
        public var disposition: WriteDisposition?
        /// Names of the keys that may be used; `nil` means every key that can.
        public var keys: [String]?
        /// The longest one call may take.
        public var timeout: Duration?
        /// How failed calls are repeated.
        public var retry: RetryConfig?
        /// Limits besides Torn's own that count calls of this endpoint; their datasets are filled in.
        public var limits: [LimitConfig] = []
        /// Whether superseded rows are kept with the time they held.
        public var keepsHistory = false

        /// Creates settings that follow the defaults.
        public init() {}
    }

    /// Below which every path lies, without a trailing slash.
    public var baseURL = "https://api.torn.com/v2"
    /// The factions, in ascending order, each once.
    public var factions: [Int]
    /// The keys, in the order of the file.
    public var keys: [Key]
    /// The endpoints that are mirrored, with their settings.
    public var endpoints: [TornEndpoint: Endpoint]
    /// Calls that one user may make in a minute, over all keys.
    public var callsPerUser = 100
    /// Calls that one address may make in a minute.
    public var callsPerAddress = 1_000
    /// Which crimes are asked for.
    public var window = Window()
    /// The item types that are mirrored, in ascending order.
    public var itemTypes = TornItemType.all
    /// Where money and points are read.
    public var balanceRoute = BalanceRoute.balance
    /// The pass rate, 0...100, that a member must have shown at a difficulty for it to be recommended.
    public var passRate = 70
    /// Warehouses that all rows are sent to, by name.
    public var destinations: [String] = []
    /// What the app calls itself to Torn, whose gate refuses the names of common libraries.
    public var userAgent = "Freshet (Torn faction logger)"

    /// Creates options with every endpoint on.
    public init(factions: [Int], keys: [Key]) {
        self.factions = factions
        self.keys = keys
        endpoints = Dictionary(uniqueKeysWithValues: TornEndpoint.allCases.map { ($0, Endpoint()) })
    }

    /// The ids of the keys that may ask for an endpoint; `nil` means that every key may.
    func keyIDs(for endpoint: TornEndpoint) -> [String]? {
        endpoints[endpoint]?.keys.map { names in keys.filter { names.contains($0.name) }.map(\.id) }
    }

    /// The ids of the keys whose faction is this one and that may ask for an endpoint.
    ///
    /// With one faction, a key of unknown faction is taken for one of its own.
    public func ownKeyIDs(of faction: Int, for endpoint: TornEndpoint) -> [String] {
        let allowed = endpoints[endpoint]?.keys
        return keys.filter { key in
            (key.faction == faction || key.faction == nil && factions == [faction])
                && allowed?.contains(key.name) != false
        }.map(\.id)
    }

    /// The factions that an endpoint can be asked for, in ascending order.
    public func factions(for endpoint: TornEndpoint) -> [Int] {
        endpoint.needsOwnKey ? factions.filter { !ownKeyIDs(of: $0, for: endpoint).isEmpty } : factions
    }
}
