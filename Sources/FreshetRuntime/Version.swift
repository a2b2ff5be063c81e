/// What this build calls itself.
public enum Version {
    /// Semantic version.
    public static let text = "0.1.0"
}
