/// Which events somebody wants; everything that is given must fit.
public struct EventFilter: Sendable, Hashable {
    /// Patterns of types in which `*` stands for any characters; empty takes all.
    public var topics: [String]
    /// The source; `nil` takes every one, and what concerns none.
    public var source: String?
    /// The dataset, without its source.
    public var dataset: String?
    /// Patterns of keys in which `*` stands for any characters; empty takes all.
    public var keys: [String]
    /// Whom it concerns; `nil` takes everybody, and what concerns nobody.
    public var profile: String?

    /// Creates a filter; without arguments it takes everything.
    public init(
        topics: [String] = [], source: String? = nil, dataset: String? = nil, keys: [String] = [],
        profile: String? = nil
    ) {
        self.topics = topics
        self.source = source
        self.dataset = dataset
        self.keys = keys
        self.profile = profile
    }

    /// Whether an event is wanted.
    public func takes(_ event: Event) -> Bool {
        if !topics.isEmpty, !topics.contains(where: { EventFilter.matches(event.type, $0) }) { return false }
        if let source, event.source != source { return false }
        if let dataset, event.document?.dataset.name != dataset { return false }
        if let profile, event.profile != profile { return false }
        if keys.isEmpty { return true }
        guard let key = event.document?.key else { return false }
        return keys.contains { EventFilter.matches(key, $0) }
    }

    /// Where what it takes can be read as it stands, as exactly as it says; a pattern of a path when it names no dataset.
    public var snapshot: String {
        guard let source, let dataset else { return "/v1/{source}/{dataset}" }
        let list = "/v1/\(source)/\(dataset)"
        guard keys.count == 1, let key = keys.first, !key.contains("*") else { return list }
        return "\(list)/\(DatasetConfig.publicPath(forKey: key))"
    }

    /// Whether a text fits a pattern with `*`; bytes are compared.
    public static func matches(_ text: String, _ pattern: String) -> Bool {
        let (text, pattern) = (Array(text.utf8), Array(pattern.utf8))
        var (at, place) = (0, 0)
        // Where to go on when what follows the last star does not fit after all.
        var retry: (at: Int, place: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                retry = (at, place)
                place += 1
            } else if place < pattern.count, pattern[place] == text[at] {
                (at, place) = (at + 1, place + 1)
            } else if let last = retry {
                (at, place) = (last.at + 1, last.place + 1)
                retry = (last.at + 1, last.place)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
