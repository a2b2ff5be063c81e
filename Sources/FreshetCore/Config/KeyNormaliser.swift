/// Brings the spellings of one parameter value to one form, so that one thing is one document.
public enum KeyNormaliser: String, Sendable, CaseIterable {
    /// As given; empty is refused.
    case text
    /// Lower case.
    case lower
    /// Upper case.
    case upper
    /// A whole number without leading zeros, such as `42`.
    case integer
    /// A Clash of Clans tag: `#uv0`, `%23UV0` and `UVO` are one; kept without `#`, sent with it.
    case clashTag = "clash_tag"

    /// The normal form; `nil` when the text cannot be such a value.
    public func normalise(_ text: String) -> String? {
        let trimmed = text.trimmingSpaces()
        guard !trimmed.isEmpty, trimmed.utf8.count <= 512 else { return nil }
        switch self {
        case .text: return trimmed
        case .lower: return trimmed.lowercased()
        case .upper: return trimmed.uppercased()
        case .integer:
            let digits = trimmed.first == "-" ? trimmed.dropFirst() : trimmed[...]
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
            let significant = digits.drop { $0 == "0" }
            if significant.isEmpty { return "0" }
            return (trimmed.first == "-" ? "-" : "") + significant
        case .clashTag:
            let bare = trimmed.hasPrefix("%23") ? trimmed.dropFirst(3) : trimmed.drop { $0 == "#" }
            let tag = bare.uppercased().map { $0 == "O" ? "0" : $0 }
            guard (3...15).contains(tag.count), tag.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
            else { return nil }
            return String(tag)
        }
    }

    /// The value as the upstream wants to see it, before percent-encoding.
    public func upstreamForm(_ value: String) -> String { self == .clashTag ? "#" + value : value }
}

extension String {
    func trimmingSpaces() -> String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view = view.dropFirst() }
        while let last = view.last, last.isWhitespace { view = view.dropLast() }
        return String(view)
    }
}
