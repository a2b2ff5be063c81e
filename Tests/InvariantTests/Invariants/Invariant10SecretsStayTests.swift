import Foundation
import FreshetDocument
import FreshetMock
import NIOCore
import NIOHTTP1
import Testing

/// Secrets never leave.
@Suite(.serialized) struct Invariant10SecretsStay {
    /// A way to authenticate, its configuration, and every text that must not be seen anywhere.
    struct Way: Sendable {
        let name: String
        let auth: String
        let secrets: [String]
    }

    private static let token = "S3cr/t+Token=A1b2C3d4"
    private static let password = "p4ss:w0rd-Zx9Yq8"
    private static let client = "cl1ent-s3cret-Kj7Hg6"
    /// The access token that stands for the client's secret for a while.
    private static let issued = "1ssued-acc3ss-t0ken-Wv5Ut4"

    private static let ways = [
        Way(name: "bybearer", auth: "{ bearer: [\"${env:T_BEARER}\"] }", secrets: ["bearer-" + token]),
        Way(
            name: "byheader", auth: "{ header: { name: X-Api-Key, keys: [\"${env:T_HEADER}\"] } }",
            secrets: ["header-" + token]),
        Way(
            name: "byquery", auth: "{ query: { name: key, keys: [\"${env:T_QUERY}\"] } }",
            secrets: ["query-" + token, "query-S3cr%2Ft%2BToken%3DA1b2C3d4", "query-S3cr%2Ft%2BToken"]),
        Way(
            name: "bybasic", auth: "{ basic: [{ user: someone, password: \"${env:T_BASIC}\" }] }",
            secrets: [password, Data("someone:\(password)".utf8).base64EncodedString()]),
        Way(
            name: "byoauth2",
            auth: "{ oauth2: { token_url: \"URL/issue\", client_id: anyone, client_secret: \"${env:T_OAUTH}\" } }",
            secrets: [client, Data("anyone:\(client)".utf8).base64EncodedString(), issued]),
        Way(
            name: "refused",
            auth: "{ oauth2: { token_url: \"URL/token\", client_id: anyone, client_secret: \"${env:T_OAUTH}\" } }",
            secrets: [client]),
    ]

    private static let environment = [
        "T_BEARER": "bearer-" + token, "T_HEADER": "header-" + token, "T_QUERY": "query-" + token,
        "T_BASIC": password, "T_OAUTH": client,
    ]

    /// Upstreams that send back whatever they were sent, in error bodies, headers, redirects and links.
    private static func echo() -> ScriptedUpstream {
        ScriptedUpstream { request in
            let sent = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "; ") + " " + request.target
            let quoted = sent.replacing("\\", with: "").replacing("\"", with: "'")
            if request.path == "/issue" {
                return .json(#"{"access_token":"\#(issued)","token_type":"Bearer","expires_in":3600}"#)
            }
            let form = String(decoding: request.body.readableBytesView, as: UTF8.self)
            let error = #"{"error":"\#(quoted) \#(form)","message":"\#(quoted)","reason":"\#(quoted)"}"#
            let kind = request.segments.dropFirst().first ?? ""
            switch kind {
            case "good": return .json(#"{"ok":true}"#)
            case "refuse": return .json(error, status: 403)
            case "fail": return .json(error, status: 500)
            case "inside": return .json(#"{"error":{"code":5,"error":"\#(quoted)"}}"#)
            case "html":
                return MockResponse(headers: ["content-type": "text/html"], body: MockBody("<html>\(sent)</html>"))
            case "cut": return .json("{\"cut\":\"\(quoted)")
            case "away":
                return MockResponse(
                    status: 302, headers: ["location": "http://127.0.0.1:1\(request.target)&was=\(quoted.prefix(400))"])
            case "pages":
                var response = MockResponse.json("[1]")
                response.headers.add(name: "link", value: "<http://127.0.0.1:1\(request.target)>; rel=\"next\"")
                return response
            default: return .json(error, status: 401)
            }
        }
    }

    private static let kinds = ["good", "refuse", "fail", "inside", "html", "cut", "away", "missing"]

    private static func config(_ url: String) -> String {
        var text = "logs: { level: debug, file: ./data/freshet.log }\nsources:\n"
        for way in ways {
            text += """
                  \(way.name):
                    base_url: \(url)/\(way.name)
                    proxy_wait: 50ms
                    auth: \(way.auth.replacing("URL", with: url))
                    breaker: { failures: 0 }
                    retry: { attempts: 2, initial: 20ms, max: 50ms, jitter: none }
                    errors: [{ path: "$.error.code", then: permanent }, { status: [401, 403], then: retry }]

                """
        }
        text += "datasets:\n"
        for way in ways {
            for kind in kinds { text += "  \(way.name).\(kind): { get: \"/\(kind)/{id}\", max_age: PT1H }\n" }
            text += "  \(way.name).pages: { get: \"/pages/{id}\", pagination: { style: link, items: \"$\" } }\n"
        }
        return text
    }

    private static let pages = [
        "/", "/livez", "/readyz", "/health", "/metrics", "/version", "/openapi.json", "/admin/status", "/admin/keys",
        "/admin/tokens", "/admin/queue?state=ready", "/admin/queue?state=waiting", "/admin/queue?state=dead",
        "/admin/queue?state=done",
    ]

    private func expectClean(_ text: String, _ place: String) {
        for secret in Self.ways.flatMap(\.secrets) where text.contains(secret) {
            let at = text.range(of: secret).map { text[..<$0.lowerBound].suffix(120) + "<HERE>" } ?? ""
            Issue.record("a secret of \(secret.prefix(7))… is in \(place): \(at)")
        }
    }

    @Test func `no key is in an answer, a log, the data directory or what a command prints`() async throws {
        try await withMock(Self.echo()) { mock, url in
            let mirror = try Mirror(
                Self.config(url), server: "unknown_keys_per_minute: 100000", environment: Self.environment)
            try await mirror.start()
            for way in Self.ways {
                for kind in Self.kinds + ["pages"] { _ = try await mirror.get("/v1/\(way.name)/\(kind)/x") }
            }
            try await eventually("every job has run, or waits for its key", within: .seconds(30)) {
                for way in Self.ways {
                    for kind in Self.kinds + ["pages"] {
                        let cause = try await mirror.why("\(way.name).\(kind)", "x").text("cause") ?? ""
                        if ["queued", "running", "paced"].contains(cause) { return false }
                    }
                }
                return true
            }
            for way in Self.ways {
                for kind in Self.kinds + ["pages"] {
                    for path in [
                        "/v1/\(way.name)/\(kind)/x", "/v1/\(way.name)/\(kind)/x?envelope=1",
                        "/v1/why/\(way.name)/\(kind)/x",
                        "/v1/\(way.name)/\(kind)", "/v1/\(way.name)/\(kind)/x/history", "/proxy/\(way.name)/\(kind)/x",
                        "/proxy/\(way.name)/live/\(kind)",
                    ] {
                        expectClean(try await mirror.get(path).everything, path)
                    }
                }
                // What no dataset declares passes live, and comes back without what it was sent with.
                for kind in Self.kinds {
                    let path = "/proxy/\(way.name)/\(kind)/live/more"
                    expectClean(try await mirror.get(path, [("authorization", "Bearer x")]).everything, path)
                }
                let wish = #"{"source":"\#(way.name)","dataset":"fail","key":"x","store":false}"#
                expectClean(try await mirror.send("POST", "/admin/fetch", body: wish).everything, "/admin/fetch")
            }
            for path in Self.pages { expectClean(try await mirror.get(path).everything, path) }
            for arguments in [
                ["check", "--show"], ["status"], ["keys", "ls"], ["doctor"], ["why", "bybearer.refuse", "x"],
            ] {
                let outcome = try await FreshetBinary.run(
                    arguments + ["--config", mirror.configPath], in: mirror.scratch.path, environment: Self.environment)
                expectClean(outcome.output + outcome.errors, "freshet " + arguments.joined(separator: " "))
            }
            expectClean(mirror.log, "standard error")
            #expect(
                mirror.log.contains("upstream-500") && mirror.log.contains("\"level\":\"debug\""),
                "there was something to hide")
            try await mirror.kill9()
            for file in try Scratch.files(below: mirror.dataPath) { expectClean(file.bytes, file.path) }
        }
    }

    private func expectClean(_ bytes: Data, _ place: String) {
        for secret in Self.ways.flatMap(\.secrets) {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "a secret of \(secret.prefix(7))… is in \(place)")
        }
    }

    @Test func `access tokens are shown once and kept as hashes`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(
                """
                logs: { level: debug }
                sources: { up: { base_url: "\(url)" } }
                datasets: { up.item: { get: "/items/{id}" } }
                """)
            try await mirror.start()
            let made = try await mirror.send("POST", "/admin/tokens", body: #"{"name":"ops","role":"admin"}"#)
            #expect(made.status == 201)
            let token = try #require(try made.json.text("token"))
            let login = [("authorization", "Bearer \(token)")]
            for path in Self.pages + ["/v1/up/item/a", "/nothing"] {
                #expect(!(try await mirror.get(path, login).everything.contains(token)), "\(path)")
            }
            _ = try await mirror.get("/proxy/up/elsewhere", login)
            #expect(mock.requests().allSatisfy { $0.key == "none" }, "the client's credentials never go upstream")
            try await mirror.kill9()
            #expect(!mirror.log.contains(token))
            for file in try Scratch.files(below: mirror.dataPath) {
                #expect(file.bytes.range(of: Data(token.utf8)) == nil, "\(file.path)")
            }
        }
    }
}
