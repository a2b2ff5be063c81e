import Foundation
import FreshetDocument
import Testing

/// Pages about a running server, held against one.
@Suite struct ServerPageTests {
    /// `FRESHET_WRITE_DOCS=1` writes the page.
    @Test func `the OpenAPI page is what the server answers`() async throws {
        let text = try await RunningServer.with { try $0.get("/openapi.json") }
        try Repository.check("docs/reference/openapi.json", is: OpenAPIPage.pretty(try JSONTape(text: text).root))
    }

    @Test func `the HTTP page names exactly the routes of the server`() async throws {
        let root = try await RunningServer.with { try $0.json("/openapi.json") }
        var found: Set<String> = []
        for path in root["paths"].map({ Array($0.members) }) ?? [] {
            guard let name = path.key.string else { continue }
            let pattern = name.replacing("/source/dataset", with: "/{source}/{dataset}")
            let methods = path.value.members.compactMap { $0.key.string?.uppercased() }
            found.formUnion(methods.count > 3 ? ["ANY \(pattern)"] : methods.map { "\($0) \(pattern)" })
        }
        let page = MarkdownPage(try Repository.text("docs/reference/http.md"))
        let named = page.prose.filter { $0.hasPrefix("### ") }.flatMap { heading in
            heading.matches(of: /`([A-Z]+ \/[^`]*)`/).map { String($0.output.1) }
        }
        #expect(named.count == Set(named).count)
        #expect(found.subtracting(named).sorted() == [], "not in docs/reference/http.md")
        #expect(Set(named).subtracting(found).sorted() == [], "only in docs/reference/http.md")
    }

    @Test func `the metrics page names exactly the metrics of the server`() async throws {
        let text = try await RunningServer.with { server in
            // One refresh that fails, and two passes, so that what counts them is there.
            _ = try server.get("/v1/source/dataset/first", headers: ["Prefer: wait=2"])
            _ = try server.get("/proxy/source/undeclared")
            return try server.get("/metrics")
        }
        let live = MetricsText(text)
        #expect(live.repeated == [], "a family is announced twice")
        let page = MetricsTable(try Repository.text("docs/reference/metrics.md"))
        for (name, family) in live.families {
            guard let row = page.rows[name] else {
                Issue.record("\(name) is not in docs/reference/metrics.md")
                continue
            }
            #expect(row.type == family.type, "\(name)")
            #expect(family.labels.isSubset(of: row.labels), "\(name): \(family.labels.sorted())")
        }
        let missing = page.rows.filter { live.families[$0.key] == nil && !$0.value.isRare }.map(\.key).sorted()
        #expect(missing == [], "only in docs/reference/metrics.md")
    }
}

/// `docs/reference/openapi.json`, indented so that a change can be read.
enum OpenAPIPage {
    static func pretty(_ value: JSONValue, indent: String = "") -> String {
        let inner = indent + "  "
        let text: String
        switch value.kind {
        case .object where value.count > 0:
            let members = value.members.map { "\(inner)\($0.key.rawText): \(pretty($0.value, indent: inner))" }
            text = "{\n\(members.joined(separator: ",\n"))\n\(indent)}"
        case .array where value.count > 0:
            let elements = value.elements.map { inner + pretty($0, indent: inner) }
            text = "[\n\(elements.joined(separator: ",\n"))\n\(indent)]"
        default: text = value.rawText
        }
        return indent.isEmpty ? text + "\n" : text
    }
}
