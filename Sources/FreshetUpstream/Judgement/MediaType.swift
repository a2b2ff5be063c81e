/// What a `Content-Type` says, as far as a mirror of JSON cares.
enum MediaType: Sendable, Hashable {
    /// JSON by name.
    case json
    /// No type, or one that says nothing: the body decides.
    case open
    /// HTML.
    case html
    /// Something else.
    case other

    /// - Parameter field: The header's value, or `nil`.
    init(_ field: String?) {
        guard let essence = field.map(MediaType.essence), !essence.isEmpty else {
            self = .open
            return
        }
        switch essence {
        case "application/json", "text/json", "application/geo+json": self = .json
        case "text/plain": self = .open
        case "text/html", "application/xhtml+xml": self = .html
        default: self = essence.contains("/") && essence.hasSuffix("+json") ? .json : .other
        }
    }

    /// The media type without parameters, in lower case.
    static func essence(_ field: String) -> String {
        HeaderFields.trim(field.prefix { $0 != ";" }).lowercased()
    }
}
