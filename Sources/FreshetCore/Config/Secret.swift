/// A value that must never be shown: an API key, a password, a client secret.
///
/// Every text form prints `<redacted>`; only ``reveal()`` gives the value, to the code that sends it upstream.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a secret value.
    public init(_ value: String) { self.value = value }

    /// The value itself.
    ///
    /// Call it only where the value leaves for its own upstream.
    public func reveal() -> String { value }

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }
    /// Hides the value from `dump` and mirrors.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
