import FreshetDocument

/// The short reason that an error body gives, where APIs usually put it.
enum UpstreamReason {
    private static let members = [
        "reason", "message", "error_description", "error", "detail", "title", "msg", "description",
    ]

    /// One line of at most 200 characters, or `nil` when there is none.
    static func find(in root: JSONValue?) -> String? {
        guard let root else { return nil }
        let text = text(in: root, depth: 0).map(SafeText.short)
        return text?.isEmpty == false ? text : nil
    }

    private static func text(in value: JSONValue, depth: Int) -> String? {
        switch value.kind {
        case .string: return value.string
        case .array: return depth < 3 ? value[0].flatMap { text(in: $0, depth: depth + 1) } : nil
        case .object:
            guard depth < 3 else { return nil }
            for name in members {
                if let found = value[name].flatMap({ text(in: $0, depth: depth + 1) }), !found.isEmpty { return found }
            }
            return value["errors"].flatMap { text(in: $0, depth: depth + 1) }
        default: return nil
        }
    }
}
