/// The parts of a Markdown page that can be checked.
struct MarkdownPage {
    /// A fenced block.
    struct Block {
        /// What stands after the backticks, such as `yaml freshet.yaml`.
        var info: String
        var text: String
    }

    private(set) var blocks: [Block] = []
    /// The page without its blocks, a line each.
    private(set) var prose: [Substring] = []

    init(_ text: String) {
        var open: Block?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("```") else {
                if open == nil { prose.append(line) } else { open?.text += line + "\n" }
                continue
            }
            if let block = open {
                blocks.append(block)
                open = nil
            } else {
                open = Block(info: String(line.dropFirst(3)), text: "")
            }
        }
    }

    /// Where links lead, in order.
    var links: [String] {
        prose.flatMap { line in
            line.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
        }
    }

    /// What links of this page can lead to: its headings as GitHub names them.
    var anchors: Set<String> { Set(prose.filter { $0.hasPrefix("#") }.map(MarkdownPage.anchor)) }

    private static func anchor(_ heading: Substring) -> String {
        let words = heading.drop { $0 == "#" || $0 == " " }.lowercased()
        var anchor = ""
        for character in words {
            if character == " " { anchor.append("-") }
            if character.isLetter || character.isNumber || character == "-" || character == "_" {
                anchor.append(character)
            }
        }
        return anchor
    }

    /// Shell lines, in blocks and in backticks, that run a program by this name; comments are cut off.
    func commands(_ program: String) -> [String] {
        let shell = blocks.filter { $0.info == "sh" }.flatMap { $0.text.split(separator: "\n") }
        let inline = prose.flatMap { $0.matches(of: /`([^`]+)`/).map(\.output.1) }
        return (shell + inline).map { String($0.prefix { $0 != "#" && $0 != ";" }) }
            .map { $0.hasPrefix(".build/release/") ? String($0.dropFirst(".build/release/".count)) : $0 }
            .filter { $0 == program || $0.hasPrefix(program + " ") }
    }

    /// The code spans of the first column of every table row below a heading.
    func firstColumn(below heading: String) -> [String] {
        guard let start = prose.firstIndex(where: { $0 == heading }) else { return [] }
        let level = heading.prefix { $0 == "#" }.count
        let section = prose[prose.index(after: start)...].prefix { line in
            let depth = line.prefix { $0 == "#" }.count
            return depth == 0 || depth > level
        }
        return section.filter { $0.hasPrefix("| `") }.flatMap { row in
            row.split(separator: "|").first.map { $0.matches(of: /`([^`]+)`/).map { String($0.output.1) } } ?? []
        }
    }
}
