import Foundation
import Testing

@Suite struct ConfigurationBlockTests {
    /// Values for every variable that an example may want.
    private let environment = [
        "COC_TOKEN_1": "first", "COC_TOKEN_2": "second", "GITHUB_TOKEN": "third", "TORN_KEY": "fourth",
        "TORN_KEY_2": "fifth",
    ]

    @Test func `every block marked as freshet_yaml is a configuration without problems`() async throws {
        var count = 0
        for page in try Repository.pages() {
            for block in MarkdownPage(try Repository.text(page)).blocks where block.info == "yaml freshet.yaml" {
                count += 1
                let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-docs-\(UUID())")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: folder) }
                try block.text.write(
                    to: folder.appendingPathComponent("freshet.yaml"), atomically: true, encoding: .utf8)
                let check = try await Command.run(["check"], in: folder, environment: environment)
                #expect(check.code == 0, "\(page): \(check.errors)")
                #expect(check.errors.isEmpty, "\(page)")
            }
        }
        #expect(count > 0, "no page shows a configuration")
    }
}
