import Foundation
import Testing

/// A wrong file ends each command that needs one with 78, and names the line.
@Suite(.serialized) struct WrongConfigurationCommandTests {
    /// A file with one mistake in a line, and a word of the advice.
    private static let mistakes: [(yaml: String, line: Int, advice: String)] = [
        ("sources: { up: { bas_url: http://localhost } }", 1, "base_url"),
        ("sources:\n  up:\n    base_url: localhost\n", 3, "http"),
        ("sources:\n  up: { base_url: http://localhost, timeout: 30 }\n", 2, "unit"),
        ("sources:\n  up: { base_url: http://localhost, reserve: 0.2 }\n", 2, "20%"),
        ("sources:\n  up: { base_url: http://localhost, max_body: 100 }\n", 2, "unit"),
        ("sources:\n  up: { base_url: http://localhost, limits: [{ scope: kye, calls: 1, per: 1s }] }\n", 2, "key"),
        ("sources:\n  up: { base_url: http://localhost, limits: [{ scope: key, calls: 0, per: 1s }] }\n", 2, "1"),
        (
            "sources:\n  up: { base_url: http://localhost, auth: { bearer: [\"${env:NOT_SET_ANYWHERE}\"] } }\n", 2,
            "NOT_SET_ANYWHERE"
        ),
        ("sources:\n  up: { base_url: http://localhost }\ndatasets:\n  dn.item: { get: /a }\n", 4, "up"),
        ("sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: a }\n", 4, "/"),
        ("sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: \"/a/{id\" }\n", 4, "{name}"),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: /a, priority: urgent }\n", 4,
            "critical"
        ),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: /a, ttl: PT1M }\n", 4,
            "max_age"
        ),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: /a, refresh: { every: 1h, cron: \"0 * * * *\" } }\n",
            4, "one"
        ),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: /a, refresh: { cron: \"61 * * * *\" } }\n",
            4, "minute"
        ),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: /a, ignore_changes: [a.b] }\n",
            4, "$"
        ),
        (
            "sources:\n  up: { base_url: http://localhost }\ndatasets:\n  up.item: { get: \"/a/{id}\", key: { tag: clash_tag } }\n",
            4, "id"
        ),
        ("server: { listen: 8080 }\n", 1, "127.0.0.1:8080"),
        ("store: mysql\n", 1, "sqlite"),
        ("sources:\n  up: { base_url: http://localhost\n", 2, "closed"),
        ("sources:\n\tup: { base_url: http://localhost }\n", 2, "tab"),
    ]

    @Test func `twenty wrong files end with 78, one line each, and advice`() async throws {
        try await Slots.shared.use {
            let scratch = try Scratch()
            #expect(Self.mistakes.count >= 20)
            for (index, mistake) in Self.mistakes.enumerated() {
                let file = try scratch.write("wrong-\(index).yaml", mistake.yaml)
                let check = try await FreshetBinary.run(["check", "--config", file], in: scratch.path)
                #expect(check.code == 78, "\(mistake.yaml)\(check.errors)")
                #expect(check.output.isEmpty)
                let lines = check.errors.split(separator: "\n")
                #expect(
                    lines.contains { $0.contains("wrong-\(index).yaml:\(mistake.line):") },
                    "\(mistake.yaml)\(check.errors)")
                #expect(check.errors.contains(mistake.advice), "\(mistake.yaml)\(check.errors)")
            }
            let file = scratch.path + "/wrong-0.yaml"
            for command in [["serve"], ["status"], ["why", "up.item", "a"], ["queue", "ls"], ["plan"]] {
                let outcome = try await FreshetBinary.run(command + ["--config", file], in: scratch.path)
                #expect(outcome.code == 78, "\(command): \(outcome.code)")
            }
            let missing = try await FreshetBinary.run(
                ["check", "--config", scratch.path + "/none.yaml"], in: scratch.path)
            #expect(missing.code == 78 && missing.errors.contains("none.yaml"), "\(missing.errors)")
        }
    }

    @Test func `all problems of a file come at once, and warnings stop nothing`() async throws {
        try await Slots.shared.use {
            let scratch = try Scratch()
            let many = try scratch.write(
                "many.yaml", Self.mistakes[1].yaml + "store: mysql\nserver: { listen: 8080 }\nfrob: 1\n")
            let outcome = try await FreshetBinary.run(["check", "--config", many], in: scratch.path)
            #expect(outcome.code == 78)
            for line in [3, 4, 5, 6] { #expect(outcome.errors.contains("many.yaml:\(line):"), "\(outcome.errors)") }
            let odd = try scratch.write(
                "odd.yaml",
                """
                sources: { up: { base_url: "http://api.example.com/v1", auth: { bearer: ["a-literal-key"] } } }
                datasets: { up.item: { get: /a } }
                """)
            let warned = try await FreshetBinary.run(["check", "--config", odd], in: scratch.path)
            #expect(warned.code == 0, "\(warned.errors)")
            #expect(warned.errors.contains("warning"), "\(warned.errors)\(warned.output)")
            #expect(!(warned.errors + warned.output).contains("a-literal-key"))
        }
    }
}
