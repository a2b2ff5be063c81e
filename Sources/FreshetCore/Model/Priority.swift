/// How soon a refresh should run: critical before high before medium before low.
public enum Priority: Int, Sendable, CaseIterable, Comparable, Codable {
    /// A person is waiting or the data decides something now.
    case critical = 0
    /// Recently asked for.
    case high = 1
    /// Active in the background.
    case medium = 2
    /// Everything else.
    case low = 3

    /// Orders by urgency: `critical < high < medium < low`, so the smallest runs first.
    public static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }

    /// The lower-case name used in configuration, HTTP, metrics and logs.
    public var name: String {
        switch self {
        case .critical: "critical"
        case .high: "high"
        case .medium: "medium"
        case .low: "low"
        }
    }

    /// Reads a lower-case name; `nil` for any other text.
    public init?(name: String) {
        guard let found = Priority.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// Whether the share kept by `reserve` is open to this priority.
    public var mayUseReserve: Bool { self <= .high }
}
