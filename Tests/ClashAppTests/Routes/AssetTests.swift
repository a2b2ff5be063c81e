import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `Images of the game` {
    private let url = "https://api-assets.clashofclans.com/badges/70/x.png"

    private func ask(_ mirror: Mirror, _ url: String?) async throws -> Mirror.Answer {
        try await mirror.ask("GET", "/api/v1/assets/", query: url.map { [("url", $0)] } ?? [])
    }

    @Test func `come from one host, once an hour`() async throws {
        try await Mirror.with { mirror in
            mirror.answers { _ in .answer(status: 200, headers: [("Content-Type", "image/png")], body: [1, 2, 3]) }
            for _ in 0..<3 {
                let answer = try await ask(mirror, url)
                #expect(answer.status == 200 && answer.reply.type == "image/png" && answer.reply.body == [1, 2, 3])
                #expect(answer.header("Cache-Control") == "public, max-age=3600")
            }
            #expect(mirror.passed.count == 1)
            #expect(
                mirror.passed.first?.source.name == "clash_assets" && mirror.passed.first?.path == "/badges/70/x.png")
            #expect(
                mirror.passed.first?.source.maxRedirects == 0 && mirror.passed.first?.source.auth.keys.isEmpty == true)
            mirror.clock.advance(by: .seconds(3_600))
            _ = try await ask(mirror, url)
            #expect(mirror.passed.count == 2)
        }
    }

    @Test(arguments: [
        nil, "", "x", "http://api-assets.clashofclans.com/a.png", "https://evil.test/a.png",
        "https://api-assets.clashofclans.com.evil.test/a.png", "https://api-assets.clashofclans.com@evil.test/a.png",
        "https://user@api-assets.clashofclans.com/a.png", "https://api-assets.clashofclans.com:8443/a.png",
        "https://api-assets.clashofclans.com", "https://api-assets.clashofclans.com/../etc", "file:///etc/passwd",
        "https://api-assets.clashofclans.com/a\r\nHost: evil", "https://api-assets.clashofclans.com/%2e%2e/x",
        "https://169.254.169.254/latest",
    ])
    func `come from no other host`(url: String?) async throws {
        try await Mirror.with { mirror in
            let answer = try await ask(mirror, url)
            #expect(answer.status == 400)
            #expect(mirror.passed.isEmpty)
        }
    }

    @Test func `are images, and errors stay errors`() async throws {
        try await Mirror.with { mirror in
            let answers: [(PassResult, Int)] = [
                (.answer(status: 404, headers: [], body: []), 404), (.answer(status: 503, headers: [], body: []), 503),
                (.answer(status: 302, headers: [("location", "https://evil.test/")], body: []), 502),
                (.answer(status: 200, headers: [("content-type", "text/html")], body: [60]), 502),
                (.answer(status: 200, headers: [("content-type", "image/svg+xml")], body: [60]), 502),
                (.failed(CallFailure(effect: .permanent, kind: "too-large", message: "")), 502),
                (.denied(PermitDenied(kind: "quota", message: "", until: .zero)), 503),
            ]
            for (result, status) in answers {
                mirror.answers { _ in result }
                let answer = try await ask(mirror, url)
                #expect(answer.status == status)
            }
        }
    }
}
