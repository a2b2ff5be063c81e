import Foundation
import FreshetDocument
import FreshetMock
import Testing

/// Tables from the command line, with the real program over a scripted upstream.
@Suite(.serialized) struct TableCommandTests {
    private static func config(_ url: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 0 }
            retry: { attempts: 1 }
        datasets:
          up.list: { get: "/lists/{name}", max_age: PT1H, tables: auto }
          up.shelf:
            get: "/shelves/{name}"
            max_age: PT1H
            tables:
              goods:
                rows: "$.goods[*]"
                primary_key: [id]
                columns:
                  id: { type: integer, required: true }
                  price: { type: decimal, precision: "20,4" }
        """
    }

    private static let items = #"""
        {"name":"a","items":[
        {"id":1,"price":1.50,"ok":true,"at":"2023-05-28T14:42:40.123Z","day":"2024-02-29","note":null,"huge":1},
        {"id":2,"price":20.125,"ok":false,"at":"2023-05-28T14:42:41.000Z","day":"1999-12-31","note":"","huge":-0.5},
        {"id":3,"price":-7,"ok":null,"at":null,"day":null,"note":"a,\"b\"\nc","huge":12345678901234567890123456789012345678901.5}]}
        """#

    /// A served mirror over `upstream`, with the documents of these paths fetched.
    private static func serve(
        _ upstream: ScriptedUpstream, _ paths: [String], _ body: (Mirror) async throws -> Void
    ) async throws {
        try await withMock(upstream) { _, url in
            let mirror = try Mirror(config(url))
            try await mirror.start()
            for path in paths { try await mirror.warm(path) }
            try await body(mirror)
            try await mirror.stop()
        }
    }

    @Test func `rows are exported as CSV and NDJSON, with filters, columns and order`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/lists/a", Self.items)
        try await Self.serve(upstream, ["/v1/up/list/a"]) { mirror in
            let table = "up_list__items"
            let columns = "id,price,ok,at,day,note"
            let csv = try await mirror.command(
                "export", table, "--format", "csv", "--columns", columns, "--sort", "-id")
            #expect(csv.code == 0, "\(csv.errors)")
            #expect(
                csv.output == "id,price,ok,at,day,note\r\n3,-7,,,,\"a,\"\"b\"\"\nc\"\r\n"
                    + "2,20.125,false,2023-05-28T14:42:41Z,1999-12-31,\"\"\r\n"
                    + "1,1.5,true,2023-05-28T14:42:40.123Z,2024-02-29,\r\n", "\(csv.output)")
            let some = try await mirror.command(
                "export", table, "--format", "ndjson", "--columns", "id", "--where", "price__lt=20", "--where",
                "id__in=1,2")
            #expect(some.output == "{\"id\":1}\n", "\(some.errors)")
            let file = mirror.scratch.path + "/out.csv"
            let saved = try await mirror.command(
                "export", table, "--format", "csv", "--limit", "2", "--columns", "id", "--output", file, "--json")
            let summary = try JSONTape(text: saved.output.trimmingCharacters(in: .newlines)).root
            #expect(summary["rows"]?.int64 == 2 && summary["bytes"]?.int64 == 10, "\(saved.output) \(saved.errors)")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "id\r\n1\r\n2\r\n")
        }
    }

    @Test func `a table of many pages is exported once and whole, and a failed export leaves no file`() async throws {
        let upstream = ScriptedUpstream()
        let rows = (0..<1700).map { #"{"id":\#($0),"text":"row \#($0)"}"# }
        upstream.set("/lists/many", #"{"items":[\#(rows.joined(separator: ","))]}"#)
        try await Self.serve(upstream, ["/v1/up/list/many"]) { mirror in
            let csv = try await mirror.command(
                "export", "up_list__items", "--format", "csv", "--columns", "id", "--sort", "id")
            let numbers = csv.output.split(separator: "\r\n").dropFirst().compactMap { Int($0) }
            #expect(numbers == Array(0..<1700), "\(csv.errors)")
            let bad = try await mirror.command(
                "export", "up_list__items", "--format", "csv", "--where", "none=1", "--output",
                mirror.scratch.path + "/bad.csv")
            #expect(bad.code == 65 && bad.errors.contains("no column none"), "\(bad.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: mirror.scratch.path)
            #expect(!names.contains { $0.hasPrefix("bad.csv") }, "\(names)")
        }
    }

    @Test func `Parquet holds what NDJSON holds, and text where no decimal is wide enough`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/lists/a", Self.items)
        try await Self.serve(upstream, ["/v1/up/list/a"]) { mirror in
            let (parquet, lines) = (mirror.scratch.path + "/a.parquet", mirror.scratch.path + "/a.ndjson")
            let columns = "id,price,ok,at,day,note"
            for (format, file) in [("parquet", parquet), ("ndjson", lines)] {
                let done = try await mirror.command(
                    "export", "up_list__items", "--format", format, "--columns", columns, "--output", file)
                #expect(done.code == 0 && done.output.isEmpty && done.errors.contains("3 rows"), "\(done.errors)")
            }
            let bytes = try Data(contentsOf: URL(filePath: parquet))
            #expect(bytes.prefix(4) == Data("PAR1".utf8) && bytes.suffix(4) == Data("PAR1".utf8))
            let wide = try await mirror.command(
                "export", "up_list__items", "--format", "parquet", "--columns", "huge", "--output", parquet + "2",
                "--json")
            #expect(wide.errors.contains("note: huge holds a value"), "\(wide.errors)")
            #expect(wide.output.contains(#""text_columns":["huge"]"#), "\(wide.output)")
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let own = root.appending(path: ".build/python/bin/python3").path
            let python = ProcessInfo.processInfo.environment["FRESHET_PYTHON"] ?? own
            // The readers are there after scripts/bootstrap --test.
            guard FileManager.default.isExecutableFile(atPath: python) else { return }
            let check = try ChildProcess(
                path: python,
                arguments: [
                    root.appending(path: "Benchmarks/parquet_check.py").path, parquet, lines, "id=integer",
                    "price=decimal(3)", "ok=boolean", "at=timestamp", "day=date", "note=text",
                ], folder: mirror.scratch.path, environment: [:], output: parquet + ".out", errors: parquet + ".err")
            try check.start()
            #expect(try await check.end(within: .seconds(60)) == 0, "\(check.errorText)")
        }
    }

    @Test func `SQL is answered in every form, and bad SQL is bad data`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/lists/a", Self.items)
        try await Self.serve(upstream, ["/v1/up/list/a"]) { mirror in
            let sql = "SELECT id, note, ok FROM up_list__items ORDER BY id"
            let csv = try await mirror.command("query", sql)
            #expect(csv.output == "id,note,ok\r\n1,,true\r\n2,\"\",false\r\n3,\"a,\"\"b\"\"\nc\",\r\n", "\(csv.errors)")
            let table = try await mirror.command("query", sql, "--format", "table")
            #expect(
                table.output == "id  note      ok\n 1  NULL      true\n 2            false\n 3  a,\"b\"\\nc  NULL\n")
            let json = try await mirror.command("query", sql, "--json", "--limit", "1")
            #expect(json.output.hasSuffix(#""rows":[[1,null,true]],"truncated":true}"# + "\n"), "\(json.output)")
            #expect(json.errors.contains("only the first 1 rows"))
            for statement in [
                "selec", "DELETE FROM up_list__items", "SELECT * FROM freshet_tokens", "SELECT 1; SELECT 2",
            ] {
                let bad = try await mirror.command("query", statement)
                #expect(bad.code == 65 && bad.output.isEmpty && !bad.errors.isEmpty, "\(statement): \(bad.errors)")
            }
            #expect(
                try await mirror.command("query", "SELECT count(*) FROM up_list__items").output == "count(*)\r\n3\r\n")
        }
    }

    @Test func `a changed schema is shown, compared and rolled back`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/lists/a", #"{"items":[{"id":1}]}"#)
        upstream.set("/lists/b", #"{"items":[{"id":2,"extra":"x"}]}"#)
        try await Self.serve(upstream, ["/v1/up/list/a", "/v1/up/list/b"]) { mirror in
            let table = "up_list__items"
            #expect(try await mirror.command("schema", "show").output.contains(table))
            let shown = try await mirror.command("schema", "show", table).output
            #expect(
                shown.contains("2 rows") && shown.contains("schema version 2") && shown.contains("+ extra"), "\(shown)")
            #expect(shown.contains("no index: ") && shown.contains("reads the whole table"))
            let diff = try await mirror.command("schema", "diff", table)
            #expect(
                diff.output == "\(table), version 1 to version 2:\n  + extra text\n", "\(diff.output) \(diff.errors)")
            let json = try await mirror.command("schema", "diff", table, "--from", "2", "--to", "1", "--json")
            #expect(
                json.output.contains(#"{"change":"removed","column":"extra","text":"- extra text"}"#), "\(json.output)")
            let refused = try await mirror.command("schema", "rollback", table, "--to", "1")
            #expect(refused.code == 65 && refused.errors.contains("--discard"), "\(refused.code) \(refused.errors)")
            let done = try await mirror.command("schema", "rollback", table, "--to", "1", "--discard")
            #expect(done.code == 0 && done.output.contains("this is version 3"), "\(done.output) \(done.errors)")
            #expect(
                try await mirror.command("query", "SELECT * FROM \(table)", "--json").output.contains("extra") == false)
            for arguments in [["schema", "show"], ["schema", "show", table]] {
                let text = try await FreshetBinary.run(
                    arguments + ["--json", "--config", mirror.configPath], in: mirror.scratch.path)
                #expect(throws: Never.self) { try JSONTape(text: text.output.trimmingCharacters(in: .newlines)) }
            }
        }
    }

    @Test func `rejected rows are listed with their reason`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/shelves/a", #"{"goods":[{"id":1,"price":1.5},{"id":null,"price":2}]}"#)
        try await Self.serve(upstream, ["/v1/up/shelf/a"]) { mirror in
            let rejects = try await mirror.command("rejects", "goods")
            #expect(rejects.output.contains("required") && rejects.output.contains("up.shelf/a"), "\(rejects.output)")
            let json = try await mirror.command("rejects", "--json")
            let rows = try JSONTape(text: json.output.trimmingCharacters(in: .newlines)).root.list("rejects")
            #expect(rows.count == 1 && rows.first?.text("column") == "id", "\(json.output)")
            #expect(rows.first?["row"]?.rawText.contains("2") == true)
            // The declared precision is known without looking at the rows.
            let schema = try await mirror.get("/v1/tables/goods/schema").json
            let price = schema.list("columns").first { $0.text("name") == "price" }
            #expect(price?["precision"]?["scale"]?.int64 == 4, "\(schema.rawText)")
        }
    }

    @Test func `wrong wishes end with the codes of the contract`() async throws {
        try await Self.serve(ScriptedUpstream(), []) { mirror in
            for arguments in [
                ["export", "x"], ["export", "x", "--format", "xml"],
                ["export", "x", "--format", "csv", "--where", "a"],
                ["export", "x", "--format", "csv", "--limit", "0"], ["export", "x", "--format", "csv", "--json"],
                ["export", "x", "--format", "csv", "--as-of", "then"], ["query"], ["query", "x", "--limit", "0"],
                ["query", "x", "--timeout", "PT2M"], ["rejects", "--limit", "0"], ["schema", "rollback", "x"],
            ] {
                let outcome = try await FreshetBinary.run(
                    arguments + ["--config", mirror.configPath], in: mirror.scratch.path)
                #expect(outcome.code == 64, "\(arguments): \(outcome.code) \(outcome.errors)")
            }
            for arguments in [
                ["export", "x", "--format", "csv"], ["schema", "show", "x"], ["schema", "diff", "x"], ["rejects", "x"],
                ["schema", "rollback", "x", "--to", "1"], ["query", "SELECT * FROM x"],
            ] {
                let outcome = try await FreshetBinary.run(
                    arguments + ["--config", mirror.configPath], in: mirror.scratch.path)
                #expect(outcome.code == 65 && outcome.output.isEmpty, "\(arguments): \(outcome.code) \(outcome.errors)")
            }
            let file = try await mirror.command("export", "x", "--format", "csv", "--output", "/nonexistent/x.csv")
            #expect(file.code == 65, "the table is looked for first: \(file.errors)")
        }
    }
}
