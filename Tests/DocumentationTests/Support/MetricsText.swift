/// The families of a Prometheus text.
struct MetricsText {
    struct Family {
        var type: String
        var labels: Set<String> = []
    }

    private(set) var families: [String: Family] = [:]
    /// Families announced more than once.
    private(set) var repeated: [String] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                let name = MetricsText.common(String(words[2]))
                if families[name] != nil, !name.contains("{") { repeated.append(name) }
                families[name, default: Family(type: String(words[3]))].type = String(words[3])
            } else if !line.hasPrefix("#") {
                add(line)
            }
        }
    }

    private mutating func add(_ line: Substring) {
        let full = String(line.prefix { $0 != "{" && $0 != " " })
        let bare = ["_bucket", "_sum", "_count"].first { full.hasSuffix($0) }.map { String(full.dropLast($0.count)) }
        let name = MetricsText.common(bare.flatMap { families[$0] == nil ? nil : $0 } ?? full)
        for match in line.matches(of: /[{,]([a-z_]+)="/) where match.output.1 != "le" {
            families[name]?.labels.insert(String(match.output.1))
        }
    }

    /// Windows of limits are part of a name; the page has one row for all.
    private static func common(_ name: String) -> String {
        name.hasPrefix("freshet_budget_left_") ? "freshet_budget_left_{scope}_{window}" : name
    }
}

/// The tables of `docs/reference/metrics.md`.
struct MetricsTable {
    struct Row {
        var type: String
        var labels: Set<String>
        /// Not there until it happens for the first time.
        var isRare: Bool
    }

    private(set) var rows: [String: Row] = [:]

    init(_ text: String) {
        for line in MarkdownPage(text).prose where line.hasPrefix("| `freshet_") {
            let cells = line.split(separator: "|").map { $0.trimming() }
            guard cells.count >= 4 else { continue }
            let name = String(cells[0].drop { $0 == "`" }.prefix { $0 != "`" })
            let labels = cells[2].matches(of: /`([a-z_]+)`/).map { String($0.output.1) }
            rows[name] = Row(type: cells[1], labels: Set(labels), isRare: cells[0].hasSuffix("†"))
        }
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        var view = self
        while view.first == " " { view = view.dropFirst() }
        while view.last == " " { view = view.dropLast() }
        return String(view)
    }
}
