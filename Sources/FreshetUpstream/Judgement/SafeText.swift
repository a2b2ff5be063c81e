/// Makes text from upstream fit for a message: one line, no control characters, short.
enum SafeText {
    /// The longest text that is shown, in characters.
    static let limit = 200

    static func short(_ text: String) -> String {
        var result = ""
        var (count, pendingSpace) = (0, false)
        for scalar in text.unicodeScalars.prefix(4_096) {
            // Controls, line and paragraph separators, and direction overrides can forge log lines.
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                pendingSpace = !result.isEmpty
                continue
            }
            if scalar.properties.generalCategory == .format { continue }
            if pendingSpace {
                result.unicodeScalars.append(" ")
                count += 1
            }
            pendingSpace = false
            guard count < limit else { return result + "…" }
            result.unicodeScalars.append(scalar)
            count += 1
        }
        return result
    }
}
