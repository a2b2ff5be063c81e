import Foundation
import Testing

@Suite struct CommandPageTests {
    /// `FRESHET_WRITE_DOCS=1` writes the page.
    @Test func `the command line page is what the program says of itself`() async throws {
        let help = try await Command.run(["--experimental-dump-help"])
        #expect(help.code == 0)
        try Repository.check("docs/reference/cli.md", is: CommandPage(description: help.output).markdown)
    }

    @Test func `every freshet command that the guide shows exists with its options`() async throws {
        let page = try Repository.text("docs/reference/cli.md")
        let sections = page.components(separatedBy: "\n## `freshet ").dropFirst().map { "freshet " + $0 }
        var known: [String: String] = [:]
        for section in sections { known[String(section.prefix { $0 != "`" })] = section }
        for path in try Repository.pages() where path != "docs/reference/cli.md" {
            for command in MarkdownPage(try Repository.text(path)).commands("freshet") {
                let words = command.split(separator: " ").map(String.init)
                let names = words.dropFirst().prefix { $0.first?.isLowercase == true && !$0.contains(".") }
                // `freshet queue` alone is `queue ls`.
                let found = (0...names.count).reversed().lazy.compactMap { count in
                    let name = (["freshet"] + names.prefix(count)).joined(separator: " ")
                    return known[name] ?? known["\(name) ls"]
                }.first
                guard let section = found else {
                    if words.count == 1 || names.isEmpty { continue }
                    Issue.record("\(path): there is no command as in: \(command)")
                    continue
                }
                for option in words where option.hasPrefix("--") {
                    let name = option.prefix { $0 != "=" }
                    #expect(section.contains("`\(name)`") || section.contains("`\(name) "), "\(path): \(command)")
                }
            }
        }
    }
}
