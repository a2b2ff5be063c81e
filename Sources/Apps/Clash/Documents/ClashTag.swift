import FreshetCore

/// Tags as the app writes them: upper case, without `#`.
enum ClashTag {
    /// The normal form of any spelling; `nil` when the text is no tag.
    static func normal(_ text: String) -> String? { KeyNormaliser.clashTag.normalise(text) }

    /// The normal form of a tag as upstream writes it.
    static func bare(_ text: String) -> String { text.hasPrefix("#") ? String(text.dropFirst()) : text }

    /// The link that opens a clan in the game.
    static func clanLink(_ tag: String) -> String {
        "https://link.clashofclans.com/en?action=OpenClanProfile&tag=%23\(tag)"
    }

    /// The link that opens a player in the game.
    static func playerLink(_ tag: String) -> String {
        "https://link.clashofclans.com/en?action=OpenPlayerProfile&tag=%23\(tag)"
    }
}
