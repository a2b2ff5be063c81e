public import FreshetCore

/// What the app can mirror.
public enum TornEndpoint: String, Sendable, Hashable, CaseIterable {
    /// Organised crimes of a faction, with their slots and rewards; needs a key of that faction.
    case crimes
    /// The members of a faction.
    case members
    /// Every item of the game, by type, so that details are filled.
    case items
    /// Name, leaders, respect and rank of a faction.
    case basic
    /// Money and points of a faction; needs a key of that faction.
    case currency
    /// Torn's own clock.
    case serverTime = "server_time"

    /// How often it is fetched unless told otherwise.
    public var interval: Period {
        switch self {
        case .crimes, .members: Period(.seconds(15 * 60))
        case .items: Period(.seconds(6 * 3_600))
        case .basic, .currency: Period(.seconds(12 * 3_600))
        case .serverTime: Period(.seconds(3_600))
        }
    }

    /// What becomes of earlier rows unless told otherwise.
    public var disposition: WriteDisposition {
        switch self {
        case .crimes, .members: .merge
        case .items: .replace
        case .basic, .currency, .serverTime: .append
        }
    }

    /// Whether Torn answers for the faction of the key, whatever is asked.
    public var needsOwnKey: Bool { self == .crimes || self == .currency }

    /// Whether there is one document for each faction.
    public var isPerFaction: Bool { self != .items && self != .serverTime }

    /// The dataset.
    public var dataset: DatasetID { DatasetID(source: TornApp.name, name: rawValue) }
}
