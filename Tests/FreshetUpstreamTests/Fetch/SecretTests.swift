import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct SecretTests {
    private static let methods: [AuthConfig.Method] = [
        .bearer, .header("X-Key"), .query("key"), .basic,
    ]

    private static let answers: [TransportResult] = [
        .http(403, #"{"reason":"key \#(Samples.secret) is bad"}"#),
        .http(500, #"{"message":"k3y%2Fwith%2Bodd%3Dchars"}"#), .http(429, #"{"error":"k3y\/with+odd=chars"}"#),
        .redirect(to: "/v1/items/7?key=" + Samples.secret), .redirect(to: "https://u:\(Samples.secret)@h/"),
        .http(200, Samples.secret), .http(200, "{}", ["Content-Type": "x/" + Samples.secret]),
        .http(200, "{}", ["Content-Encoding": Samples.secret]),
        .failed(TransportFailure(.tls, "echo \(Samples.secret)")),
    ]

    @Test(arguments: methods)
    func `no failure shows the key`(method: AuthConfig.Method) async throws {
        for answer in SecretTests.answers {
            var bench = try Bench(ScriptedTransport(answer))
            bench.source.auth.method = method
            let failure = try #require(await bench.fetch().failure)
            for text in [failure.message, failure.kind] + bench.permits.finishes.compactMap({ $0.failure?.message }) {
                #expect(!text.contains("k3y"), "\(text)")
                #expect(!text.contains("with+odd"), "\(text)")
            }
        }
    }

    @Test func `a document that echoes the key is kept without it`() async throws {
        let body = #"{"url":"https://api.test/v1/items/7?key=k3y%2Fwith%2Bodd%3Dchars","key":"k3y\/with+odd=chars"}"#
        var bench = try Bench(ScriptedTransport(.http(200, body)))
        bench.source.auth.method = .query("key")
        #expect(
            await bench.fetch().text == #"{"url":"https://api.test/v1/items/7?key=<redacted>","key":"<redacted>"}"#)
        #expect(bench.transport.urls == ["https://api.test/v1/items/7?key=k3y%2Fwith%2Bodd%3Dchars"])
    }

    @Test func `a foreign next link is named without its query`() async throws {
        var bench = try Bench(
            ScriptedTransport(.http(200, "[1]", ["Link": "<https://evil.test/x?k=\(Samples.secret)>; rel=next"])))
        bench.dataset.pagination = PaginationConfig(style: .link, items: "$")
        let failure = try #require(await bench.fetch().failure)
        #expect(failure.kind == "foreign-next-link")
        #expect(failure.message.contains("https://evil.test/x."))
        #expect(!failure.message.contains("k3y"))
    }
}
