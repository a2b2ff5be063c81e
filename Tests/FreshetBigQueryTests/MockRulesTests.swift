import FreshetMock
import NIOCore
import NIOHTTP1
import Testing

/// Holds the BigQuery mock to the rules of the real one where a lenient mock would hide mistakes.
struct MockRulesTests {
    private let handler = BigQueryHandler()

    private func call(_ method: String, _ path: String, _ body: MockJSON = [:]) -> (status: Int, json: MockJSON) {
        let response = handler.respond(
            to: MockRequest(
                method: method, target: "/bigquery/v2/projects/p/\(path)", body: ByteBuffer(bytes: body.bytes)))
        return (response.status, (try? MockJSON(parsing: response.body.bytes.readableBytesView)) ?? .null)
    }

    private func create(_ table: String, _ fields: MockJSON) {
        let reference: MockJSON = ["projectId": "p", "datasetId": "d", "tableId": .string(table)]
        #expect(
            call("POST", "datasets/d/tables", ["tableReference": reference, "schema": ["fields": fields]]).status == 200
        )
    }

    private func load(_ table: String, _ lines: String, _ more: [MockJSON.Member] = []) -> MockJSON {
        let destination: MockJSON = ["projectId": "p", "datasetId": "d", "tableId": .string(table)]
        let config: [MockJSON.Member] =
            [.init("destinationTable", destination), .init("sourceFormat", "NEWLINE_DELIMITED_JSON")] + more
        let job: MockJSON = ["configuration": ["load": .object(config)]]
        let text =
            "--b\r\ncontent-type: application/json\r\n\r\n\(job.text)\r\n--b\r\ncontent-type: */*\r\n\r\n\(lines)\r\n--b--"
        let response = handler.respond(
            to: MockRequest(
                method: "POST", target: "/upload/bigquery/v2/projects/p/jobs?uploadType=multipart",
                headers: ["content-type": "multipart/related; boundary=\"b\""], body: ByteBuffer(string: text)))
        return (try? MockJSON(parsing: response.body.bytes.readableBytesView)) ?? .null
    }

    private func failure(_ job: MockJSON) -> String { job["status"]?["errorResult"]?["message"]?.stringValue ?? "none" }

    private func query(_ sql: String) -> String {
        failure(call("POST", "jobs", ["configuration": ["query": ["query": .string(sql)]]]).json)
    }

    private static let fields: MockJSON = [
        ["name": "k", "type": "STRING", "mode": "REQUIRED"], ["name": "v", "type": "INT64"],
    ]

    @Test func `a merge that meets a target row twice fails and changes nothing`() {
        create("t", Self.fields)
        create("s", Self.fields)
        _ = load("t", "{\"k\":\"a\",\"v\":1}")
        _ = load("s", "{\"k\":\"a\",\"v\":2}\n{\"k\":\"a\",\"v\":3}")
        let sql = "MERGE d.t AS t USING d.s AS s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v"
        #expect(query(sql).contains("at most one source row"))
        #expect(handler.rows("p", "d", "t") == [["a", "1"]])
        #expect(
            query("MERGE d.t AS t USING d.s AS s ON FALSE WHEN NOT MATCHED BY TARGET THEN INSERT (v) VALUES (s.v)")
                .contains("cannot be null"))
    }

    @Test(arguments: [
        ("DROP TABLE d.t", "runs SELECT"), ("SELECT * FROM t", "must be qualified"),
        ("SELECT * FROM d.none", "Not found"),
        ("SELECT x FROM d.t", "Unrecognized name"), ("SELECT * FROM d.t WHERE", "end of statement"),
        ("SELECT * FROM d.t WHERE k = 1", "No matching signature"), ("SELECT * FROM d.t; SELECT 1", "Unexpected"),
        ("SELECT * FROM d.t WHERE k = @x", "not found"), ("SELECT * FROM `d.t", "Unclosed"),
        ("ALTER TABLE d.t ALTER COLUMN v SET DATA TYPE STRING", "assignable"),
    ])
    func `a statement that is wrong or not played is refused in words`(sql: String, words: String) {
        create("t", Self.fields)
        _ = load("t", "{\"k\":\"a\"}")
        #expect(query(sql).contains(words))
    }

    @Test(arguments: [
        ("{\"k\":null}", "Missing required"), ("{\"k\":\"a\",\"v\":9007199254740993}", "Could not convert"),
        ("{\"k\":\"a\",\"v\":1.5}", "Could not convert"), ("{\"k\":\"a\",\"x\":1}", "No such field"),
        ("{\"k\":\"a\"", "parsing error"), ("[1]", "no object"), ("{\"k\":\"b\"}\n{\"v\":1}", "Missing required"),
    ])
    func `a line that is wrong fails the whole load`(lines: String, words: String) {
        create("t", Self.fields)
        #expect(failure(load("t", lines)).contains(words))
        #expect(handler.rows("p", "d", "t") == [])
    }

    @Test func `a schema goes with its table or the load fails`() {
        create("t", Self.fields)
        let v: MockJSON = ["name": "v", "type": "INT64"]
        let k: MockJSON = ["name": "k", "type": "STRING", "mode": "REQUIRED"]
        let wrong: [([MockJSON], String)] = [
            ([k], "is missing in new schema"), ([k, ["name": "v", "type": "STRING"]], "has changed type"),
            ([["name": "k", "type": "STRING"], v], "has changed mode"),
            ([k, v, ["name": "n", "type": "DATE"]], "Cannot add fields"),
            ([k, v, ["name": "_PARTITIONTIME", "type": "DATE"]], "Invalid field name"),
            ([k, v, ["name": "K", "type": "DATE"]], "already exists"),
        ]
        for (fields, words) in wrong {
            let job = load("t", "{\"k\":\"a\"}", [.init("schema", ["fields": .array(fields)])])
            #expect(failure(job).contains(words))
        }
        let both: [MockJSON.Member] = [
            .init("writeDisposition", "WRITE_TRUNCATE"), .init("schemaUpdateOptions", ["ALLOW_FIELD_ADDITION"]),
        ]
        #expect(failure(load("t", "{\"k\":\"a\"}", both)).contains("only be specified with WRITE_APPEND"))
        #expect(
            failure(load("t", "{\"k\":\"a\"}", [.init("timePartitioning", ["field": "v"])])).contains("partitioning"))
        #expect(failure(load("t", "{\"k\":\"a\"}", [.init("writeDisposition", "WRITE_EMPTY")])) == "none")
        #expect(
            failure(load("t", "{\"k\":\"a\"}", [.init("writeDisposition", "WRITE_EMPTY")])).contains("Already Exists"))
    }

    @Test func `ids and labels have the characters that Google allows`() {
        let query: MockJSON = ["query": "SELECT * FROM d.t"]
        let badID: MockJSON = ["jobReference": ["jobId": "a b"], "configuration": ["query": query]]
        #expect(call("POST", "jobs", badID).status == 400)
        let badLabel: MockJSON = ["configuration": ["labels": ["a": "Big"], "query": query]]
        #expect(call("POST", "jobs", badLabel).status == 400)
        #expect(call("GET", "jobs/none").json["error"]?["errors"]?.arrayValue?.first?["reason"] == "notFound")
    }

    @Test(arguments: ["", "a.b", "a.b.c"])
    func `an assertion that is not signed by the account gets no token`(assertion: String) {
        let form = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=\(assertion)"
        let response = handler.respond(
            to: MockRequest(method: "POST", target: "/token", body: ByteBuffer(string: form)))
        #expect(response.status == 400 && handler.issuedTokens == 0)
    }
}
