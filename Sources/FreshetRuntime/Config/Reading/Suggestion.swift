/// Finds the name that was probably meant.
enum Suggestion {
    /// The candidate nearest to `word`, when it is near enough to be worth saying.
    static func nearest(to word: String, in candidates: [String]) -> String? {
        let plain = normal(word)
        guard !plain.isEmpty else { return nil }
        if plain.count >= 3, let longer = candidates.first(where: { normal($0).hasPrefix(plain) }) { return longer }
        let scored = candidates.map { ($0, distance(plain, normal($0))) }
        guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, min(plain.count, best.0.count) / 3) ? best.0 : nil
    }

    /// ` ; did you mean "x"?`, or else the list of what is possible.
    static func sentence(for word: String, in candidates: [String], listing noun: String) -> String {
        if let near = nearest(to: word, in: candidates) { return "did you mean \"\(near)\"?" }
        return candidates.isEmpty ? "there are no \(noun)" : "\(noun): \(candidates.sorted().joined(separator: ", "))"
    }

    /// Lower case without separators, so that `baseURL` and `base-url` are as near to `base_url` as can be.
    private static func normal(_ word: String) -> String {
        word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    }

    /// The least number of inserted, removed, changed or swapped characters (optimal string alignment).
    static func distance(_ a: String, _ b: String) -> Int {
        let (x, y) = (Array(a.prefix(80)), Array(b.prefix(80)))
        if x.isEmpty || y.isEmpty { return max(x.count, y.count) }
        var (before, previous) = ([Int](), Array(0...y.count))
        for i in 1...x.count {
            var row = [i]
            for j in 1...y.count {
                var best = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1))
                if i > 1, j > 1, x[i - 1] == y[j - 2], x[i - 2] == y[j - 1] { best = min(best, before[j - 2] + 1) }
                row.append(best)
            }
            (before, previous) = (previous, row)
        }
        return previous[y.count]
    }
}
