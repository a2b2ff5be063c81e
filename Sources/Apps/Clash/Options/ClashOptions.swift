public import FreshetCore

/// What the Clash app is made from: keys, limits, freshness, who its users are, how risk is judged.
public struct ClashOptions: Sendable {
    /// Below which every path lies, without a trailing slash.
    public var baseURL = "https://api.clashofclans.com/v1"
    /// The API keys, each bound to the address that Freshet calls from.
    public var keys: [Credential]
    /// Calls a second that one key may make.
    public var callsPerSecond = 30
    /// Calls a day that all keys together may make; `nil` for no such limit.
    public var callsPerDay: Int?
    /// The share of every window that only critical and high refreshes may use, 0...0.9.
    public var reserve = 0.2
    /// Where the game's images are, without a trailing slash.
    public var assetsURL = "https://api-assets.clashofclans.com"
    /// The host that an image's address must name.
    public var assetsHost = "api-assets.clashofclans.com"
    /// The largest image in bytes.
    public var maxAsset = 2 << 20
    /// Clans that are kept fresh from the start, in normal form and ascending order.
    public var clans: [String] = []
    /// How each kind of document is kept fresh.
    public var freshness = ClashFreshness()
    /// Who the users are; `nil` lets everybody read who may read documents, and knows no users.
    public var identity: ClashIdentity?
    /// How risk is judged.
    public var risk = RiskPolicy()
    /// How activity is inferred.
    public var activity = ActivityPolicy()
    /// How often users may try things.
    public var attempts = AttemptLimits()

    /// Creates options.
    public init(keys: [Credential]) { self.keys = keys }
}

/// How fresh each kind of document is kept.
public struct ClashFreshness: Sendable, Hashable {
    /// One kind.
    public struct Kind: Sendable, Hashable {
        /// Younger is fresh.
        public var maxAge: Duration
        /// How often a document that was asked for lately is fetched without being asked; `nil` for never.
        public var every: Duration?

        /// Creates a rhythm.
        public init(maxAge: Duration, every: Duration?) { (self.maxAge, self.every) = (maxAge, every) }
    }

    /// `clash.clan`.
    public var clan = Kind(maxAge: .seconds(600), every: .seconds(1_800))
    /// `clash.player`.
    public var player = Kind(maxAge: .seconds(600), every: .seconds(1_800))
    /// `clash.war`.
    public var war = Kind(maxAge: .seconds(300), every: .seconds(1_800))
    /// `clash.war_log`.
    public var warLog = Kind(maxAge: .seconds(3_600), every: .seconds(21_600))
    /// `clash.raids`.
    public var raids = Kind(maxAge: .seconds(3_600), every: .seconds(21_600))
    /// `clash.league_group`.
    public var leagueGroup = Kind(maxAge: .seconds(1_800), every: .seconds(7_200))
    /// `clash.league_war`.
    public var leagueWar = Kind(maxAge: .seconds(600), every: .seconds(1_800))
    /// Whether clans, players and wars are refreshed by what is known of each, not all at one pace.
    public var isAdaptive = true
    /// How long superseded versions are kept.
    public var historyKeep = Period(days: 90)
    /// JSONPaths of a clan whose changes are quiet: they reach answers and rows, and make neither a version nor an event.
    public var quietInClan = [
        "$.memberList[*].donations", "$.memberList[*].donationsReceived", "$.memberList[*].clanRank",
        "$.memberList[*].previousClanRank", "$.memberList[*].builderBaseRank",
    ]
    /// JSONPaths of a player whose changes are quiet.
    public var quietInPlayer: [String] = []

    /// Creates the defaults.
    public init() {}
}

/// How often users may try things; a try more is refused until the oldest is older than the window.
public struct AttemptLimits: Sendable, Hashable {
    /// Tries to verify a token that one user has in ``verifyWindow``.
    public var verifyPerUser = 5
    /// Tries to verify a token of one player tag in ``verifyWindow``, whoever tries.
    public var verifyPerTag = 10
    /// The window of both.
    public var verifyWindow = Duration.seconds(900)
    /// Invitations that one user may send in ``inviteWindow``.
    public var invitesPerUser = 20
    /// The window of invitations.
    public var inviteWindow = Duration.seconds(3_600)

    /// Creates the defaults.
    public init() {}
}
