import Foundation
import Testing
import Yams

@testable import FreshetRuntime

@Suite struct ConfigDocumentTests {
    private func schema() throws -> [String: Any] {
        let data = Data(ConfigSchema.json().utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func `the schema is JSON and every reference in it leads somewhere`() throws {
        let schema = try schema()
        let definitions = try #require(schema["$defs"] as? [String: Any])
        var references: Set<String> = []
        func visit(_ value: Any) {
            if let map = value as? [String: Any] {
                if let reference = map["$ref"] as? String { references.insert(reference) }
                map.values.forEach(visit)
            } else if let list = value as? [Any] {
                list.forEach(visit)
            }
        }
        visit(schema)
        let known = Set(definitions.keys.map { "#/$defs/\($0)" })
        #expect(references == known)
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test func `schema and reference name every key of the table`() throws {
        let (schema, reference) = (try schema(), ConfigReference.markdown())
        let definitions = try #require(schema["$defs"] as? [String: Any])
        let sections = RootTable.section.info.all()
        #expect(Set(sections.map(\.id)).count == sections.count)
        for section in sections {
            let body = section.id == "freshet" ? schema : try #require(definitions[section.id] as? [String: Any])
            let properties = try #require(body["properties"] as? [String: Any])
            #expect(Set(properties.keys) == Set(section.keys.map(\.name)))
            #expect(body["additionalProperties"] as? Bool == false)
            #expect(reference.contains("## `\(section.name)`\n"))
            for key in section.keys {
                #expect(reference.contains("| `\(key.name)` |"))
                #expect(key.doc.hasSuffix("."), "\(section.id).\(key.name): a sentence ends with a full stop")
            }
        }
    }

    @Test func `no synonym is a key of its own section`() {
        for section in RootTable.section.info.all() {
            let names = Set(section.keys.map(\.name))
            let synonyms = section.keys.flatMap(\.synonyms)
            #expect(names.isDisjoint(with: synonyms), "\(section.id)")
            #expect(Set(synonyms).count == synonyms.count, "\(section.id): \(synonyms)")
        }
    }

    @Test func `the defaults of the reference are those of the values`() {
        let reference = ConfigReference.markdown()
        #expect(reference.contains("| `max_age` | duration | `PT10M` |"))
        #expect(reference.contains("| `memory` | size | `512MiB` |"))
        #expect(reference.contains("| `listen` | address:port | `127.0.0.1:8080` |"))
        #expect(reference.contains("| `tracked_for` | duration | `P7D` |"))
    }

    @Test(arguments: ["usgs", "hacker-news", "pokeapi", "github", "clash"])
    func `the schema accepts the keys and types of an example`(example: String) throws {
        let path = ExampleTests.root.appendingPathComponent("Examples/\(example)/freshet.yaml").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let schema = try schema()
        #expect(SchemaCheck(root: schema).faults(try #require(try Yams.load(yaml: text)), schema) == [])
    }

    @Test func `the schema refuses what the parser refuses`() throws {
        let schema = try schema()
        let wrong = [
            ConfigFixture.file(source: "limit: []"), ConfigFixture.file(dataset: "max_age: 600"),
            ConfigFixture.file(source: "reserve: 0.2"), ConfigFixture.file(dataset: "priority: hihg"),
            ConfigFixture.file(source: "concurrency: 0"), "sources: { clash: { timeout: 1s } }",
            "sources: { Clash: { base_url: http://x } }",
        ]
        for yaml in wrong {
            #expect(SchemaCheck(root: schema).faults(try #require(try Yams.load(yaml: yaml)), schema) != [])
        }
    }

    /// `FRESHET_WRITE_DOCS=1 swift test --filter ConfigDocumentTests` writes the page.
    @Test func `the reference page is what the table says`() throws {
        let page = ExampleTests.root.appendingPathComponent("docs/reference/configuration.md")
        if ProcessInfo.processInfo.environment["FRESHET_WRITE_DOCS"] == "1" {
            try FileManager.default.createDirectory(
                at: page.deletingLastPathComponent(), withIntermediateDirectories: true)
            try ConfigReference.markdown().write(to: page, atomically: true, encoding: .utf8)
        }
        guard FileManager.default.fileExists(atPath: page.path) else { return }
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(
            text == ConfigReference.markdown(),
            "write it anew: FRESHET_WRITE_DOCS=1 swift test --filter ConfigDocumentTests")
    }
}
