import ClashApp
import FreshetCore

/// `apps.clash:` as the file has it.
struct ClashDraft: Sendable {
    var options = ClashOptions(keys: [])
    var keys: [KeyDraft] = []
    var clans: [Located<String>] = []
    var identity: ClashIdentityDraft?
    var place = Place()

    init() {}

    init(showing options: ClashOptions) {
        self.options = options
        keys = options.keys.map { KeyDraft(secret: Secret(Redaction.mark), account: $0.account) }
        clans = options.clans.map { Located(value: $0) }
        identity = options.identity.map(ClashIdentityDraft.init(showing:))
    }
}

/// `identity:` as the file has it.
struct ClashIdentityDraft: Sendable {
    var signingKey: SecretText?
    var keySet: String?
    var settings = ClashIdentity()
    var place = Place()

    init() {}

    init(showing identity: ClashIdentity) {
        settings = identity
        signingKey = identity.signingKey.map {
            SecretText(secret: $0, isWritten: false, mark: ConfigMark(), path: "")
        }
        switch identity.keySet {
        case .url(let url): keySet = url
        case .document(let bytes): keySet = String(decoding: bytes, as: UTF8.self)
        case nil: break
        }
    }
}

/// `apps.clash:`.
enum ClashTable {
    static let section = Section<ClashDraft>(
        "clash", at: "apps.clash",
        doc: "Clash of Clans: clans, players, wars, raids and leagues, with loyalty, risk and users.",
        example: "{ keys: \"${env:COC_TOKEN_1}\" }", defaults: ClashDraft(), place: \.place, keepsPartial: true,
        keys: [
            Key(
                "keys", \.keys, .keys, required: true, synonyms: ["key", "token", "tokens", "api_keys", "bearer"],
                "The API keys, made for the address that Freshet calls from."),
            Key(
                "clans", \.clans, .oneOrMore(.located(.text("tag", example: "\"#2PP\""))), defaultWords: "none",
                synonyms: ["clan", "clan_tags"],
                "Clans that are kept fresh from the start, whether or not anybody reads them."),
            Key(
                "identity", \.identity, .optional(identity.kind), defaultWords: "none",
                synonyms: ["auth", "jwt", "users"],
                "Who vouches for users. Without it whoever may read documents may read everything, and there are no users."
            ),
            Key("freshness", \.options.freshness, freshness.kind, "How fresh each kind of document is kept."),
            Key("risk", \.options.risk, risk.kind, "How risk is judged."),
            Key("activity", \.options.activity, activity.kind, "What counts as a sign that a player was there."),
            Key("attempts", \.options.attempts, attempts.kind, "How often users may try things."),
            Key(
                "base_url", \.options.baseURL, .url(isBase: true), synonyms: ["url", "base", "host"],
                "Where version 1 of the API is."),
            Key(
                "calls_per_second", \.options.callsPerSecond, .integer(1...10_000), synonyms: ["rate_limit", "limit"],
                "Calls that one key may make in a second. No limit is published; client libraries keep to 30."),
            Key(
                "calls_per_day", \.options.callsPerDay, .optional(.integer(1...1_000_000_000)),
                defaultWords: "no limit",
                "Calls that the keys of one account may make in a day."),
            Key(
                "reserve", \.options.reserve, .percent(upTo: 90),
                "The share of every window that only critical and high refreshes may use."),
            Key(
                "assets_url", \.options.assetsURL, .url(isBase: true), synonyms: ["assets", "images"],
                "Where the game's images are fetched; clients name them by the game's own host all the same."),
            Key(
                "max_asset", \.options.maxAsset, .size(1_024...(64 << 20)), synonyms: ["max_image"],
                "The largest image."),
        ])

    static let identity = Section<ClashIdentityDraft>(
        "clash_identity", at: "apps.clash.identity",
        doc: "Whose JSON Web Tokens are believed. There is no default secret.",
        example: "{ signing_key: \"${env:JWT_SIGNING_KEY}\", issuer: \"https://id.example.com\" }",
        defaults: ClashIdentityDraft(), place: \.place, keepsPartial: true,
        keys: [
            Key(
                "signing_key", \.signingKey, .optional(.secret), defaultWords: "none",
                synonyms: ["secret", "jwt_signing_key", "key"],
                "The secret of HS256, HS384 and HS512: 32, 48 and 64 bytes at least; a shorter one than a token asks for is not used."
            ),
            Key(
                "jwks", \.keySet, .optional(.text("URL or JSON", example: "https://id.example.com/oauth2/jwks.json")),
                defaultWords: "none", synonyms: ["jwks_url", "jwks_uri", "key_set"],
                "The public keys of RS256 and ES256: an https address, mirrored and refreshed hourly, or the set itself, "
                    + "as \"${file:jwks.json}\"."),
            Key(
                "issuer", \.settings.issuer, .optional(.text(example: "https://id.example.com")),
                defaultWords: "any", synonyms: ["iss"], "The `iss` that a token must have."),
            Key(
                "audience", \.settings.audience, .optional(.text(example: "clan-board")), defaultWords: "any",
                synonyms: ["aud"], "The `aud` that a token must have."),
            Key(
                "cookie", \.settings.cookie, .text("name", example: "sid"),
                "The cookie that may hold the token instead of an `Authorization` header."),
            Key(
                "new_users", \.settings.acceptsNewUsers, .boolean,
                "Whether a subject that was never seen is a user all the same; otherwise an operator adds users."),
        ])

    static let freshness = Section<ClashFreshness>(
        "clash_freshness", at: "apps.clash.freshness", doc: "How fresh each kind of document is kept.",
        example: "{ war: { max_age: PT2M, every: PT5M } }", defaults: ClashFreshness(),
        keys: [
            Key("clan", \.clan, kind("clan", \.clan), "Clans with their members."),
            Key("player", \.player, kind("player", \.player), "Players."),
            Key(
                "war", \.war, kind("war", \.war), "Current wars. They are also looked at when a battle begins and ends."
            ),
            Key("war_log", \.warLog, kind("war_log", \.warLog), "Wars of the past."),
            Key("raids", \.raids, kind("raids", \.raids), "Capital raids."),
            Key("league_group", \.leagueGroup, kind("league_group", \.leagueGroup), "Groups of clan war leagues."),
            Key("league_war", \.leagueWar, kind("league_war", \.leagueWar), "Wars of clan war leagues."),
            Key(
                "adaptive", \.isAdaptive, .boolean,
                "Whether clans, players and wars are refreshed by what is known of each: a war that is fought, who asked "
                    + "lately, what changed lately, the rest. Otherwise all at their `every`."),
            Key(
                "history", \.historyKeep, .period(atLeast: .seconds(3_600)), synonyms: ["keep"],
                "How long superseded versions of clans, players and wars are kept."),
            Key(
                "quiet_in_clan", \.quietInClan, .list(.text("JSONPath", example: "$.clanPoints")),
                synonyms: ["ignore_changes"],
                "What of a clan may change without a new version and an event; answers and rows have it all the same."),
            Key(
                "quiet_in_player", \.quietInPlayer, .list(.text("JSONPath", example: "$.achievements")),
                defaultWords: "nothing", "The same for players."),
        ])

    static let risk = Section<RiskPolicy>(
        "clash_risk", at: "apps.clash.risk",
        doc: "How risk is judged. With all five switches turned, to the letter of the system that this replaces.",
        example: "{ weights: { war: 0.5, idle: 0.3, don_deficit: 0.1, don_drop: 0.1 } }", defaults: RiskPolicy(),
        keys: [
            Key(
                "weights", \.weights, weights.kind,
                "What each axis is worth for users who have no weights of their own."),
            Key("window", \.window, .duration(atLeast: .seconds(86_400)), "How far back snapshots and wars count."),
            Key(
                "normalise_weights", \.normalisesWeights, .boolean, synonyms: ["normalize_weights"],
                "Whether weights are scaled to a sum of 1, so that nobody has more than 100 points."),
            Key(
                "season_reset_guard", \.guardsSeasonReset, .boolean,
                "Whether counters of before the last reset are not compared, and a young season makes no deficit."),
            Key(
                "season_grace", \.seasonGrace, .duration(atLeast: .seconds(1)),
                "How young a season is too young for a deficit."),
            Key(
                "war_cap", \.usesWarCap, .boolean,
                "Whether the attacks that a war allowed are the cap, not two at least."),
            Key(
                "former_members", \.includesFormerMembers, .boolean,
                "Whether players who have left within the window are listed too."),
        ])

    static let weights = Section<RiskWeights>(
        "clash_risk_weights", at: "apps.clash.risk.weights", doc: "What each axis is worth, 0 to 1.",
        example: "{ war: 0.4, idle: 0.35, don_deficit: 0.15, don_drop: 0.1 }", defaults: RiskWeights(),
        keys: [
            Key("war", \.war, .number(0...1), "War attacks left unused."),
            Key("idle", \.idle, .number(0...1), "Days without activity."),
            Key("don_deficit", \.deficit, .number(0...1), "Giving less than half of what one takes."),
            Key("don_drop", \.drop, .number(0...1), "Giving less than before."),
        ])

    static let activity = Section<ActivityPolicy>(
        "clash_activity", at: "apps.clash.activity", doc: "What counts as a sign that a player was there.",
        example: "{ season_reset_guard: false }", defaults: ActivityPolicy(),
        keys: [
            Key(
                "season_reset_guard", \.guardsSeasonReset, .boolean,
                "Whether a donation counter that returns to zero says nothing.")
        ])

    static let attempts = Section<AttemptLimits>(
        "clash_attempts", at: "apps.clash.attempts", doc: "How often users may try things.",
        example: "{ verify_per_user: 3 }", defaults: AttemptLimits(),
        keys: [
            Key(
                "verify_per_user", \.verifyPerUser, .integer(1...1_000),
                "Tries to verify a token that one user has in the window."),
            Key(
                "verify_per_tag", \.verifyPerTag, .integer(1...1_000),
                "Tries to verify a token of one player in the window, whoever tries."),
            Key("verify_window", \.verifyWindow, .duration(atLeast: .seconds(1)), "The window of both."),
            Key(
                "invites_per_user", \.invitesPerUser, .integer(1...1_000),
                "Invitations that one user may send in their window."),
            Key("invite_window", \.inviteWindow, .duration(atLeast: .seconds(1)), "The window of invitations."),
        ])

    private static func kind(
        _ name: String, _ path: any KeyPath<ClashFreshness, ClashFreshness.Kind> & Sendable
    ) -> Kind<ClashFreshness.Kind> {
        let defaults = ClashFreshness()[keyPath: path]
        return Section<ClashFreshness.Kind>(
            "clash_freshness_\(name)", at: "apps.clash.freshness.\(name)", doc: "How fresh `clash.\(name)` is kept.",
            example: "{ max_age: PT10M }", defaults: defaults,
            keys: [
                Key("max_age", \.maxAge, .duration(atLeast: .seconds(1)), synonyms: ["ttl"], "Younger is fresh."),
                Key(
                    "every", \.every, .optional(.duration(atLeast: .seconds(10))), defaultWords: "only when it is read",
                    synonyms: ["interval", "refresh"],
                    "How often it is fetched without being asked, while somebody reads it. When adaptive, the pace of what was read "
                        + "within half an hour; what changed within a day has four times as long, the rest sixteen times."
                ),
            ]
        ).kind
    }
}
