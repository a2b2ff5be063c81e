import Foundation
import Testing

@Suite struct LinkTests {
    @Test func `every relative link leads to a file and a heading that exist`() throws {
        for page in try Repository.pages() {
            let folder = Repository.root.appendingPathComponent(page).deletingLastPathComponent()
            for link in MarkdownPage(try Repository.text(page)).links where !link.contains(":") {
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let target =
                    parts[0].isEmpty
                    ? Repository.root.appendingPathComponent(page) : folder.appendingPathComponent(parts[0])
                guard FileManager.default.fileExists(atPath: target.path) else {
                    Issue.record("\(page): \(link) leads nowhere")
                    continue
                }
                guard parts.count == 2, target.pathExtension == "md" else { continue }
                let anchors = MarkdownPage(try String(contentsOf: target, encoding: .utf8)).anchors
                #expect(anchors.contains(parts[1]), "\(page): \(link) names no heading")
            }
        }
    }

    @Test func `every decision is on the list of decisions`() throws {
        let folder = Repository.root.appendingPathComponent("docs/decisions")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "README.md" }
        let links = MarkdownPage(try Repository.text("docs/decisions/README.md")).links
        #expect(files.sorted() == links)
    }
}
