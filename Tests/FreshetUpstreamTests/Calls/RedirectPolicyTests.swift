import Testing

@testable import FreshetUpstream

@Suite struct RedirectPolicyTests {
    private func start(_ url: String = "https://api.test/v1/a", method: String = "GET") throws -> (Hop, RedirectPolicy)
    {
        let hop = Hop(url: try #require(HTTPURL(url)), method: method)
        let base = try #require(HTTPURL("https://api.test/v1"))
        return (hop, RedirectPolicy(base: base, limit: 2, first: hop))
    }

    @Test(arguments: [
        ("b", "https://api.test/v1/b", true), ("https://cdn.test/x", "https://cdn.test/x", false),
        ("http://api.test/v1/b", "http://api.test/v1/b", false),
        ("https://api.test:8443/b", "https://api.test:8443/b", false),
        ("//api.test/c", "https://api.test/c", true),
    ])
    func `credentials stay with the source`(location: String, target: String, isTrusted: Bool) throws {
        var (hop, policy) = try start()
        hop = try #require(policy.step(after: hop, status: 302, location: location).hop)
        #expect(hop.url.text == target)
        #expect(hop.isTrusted == isTrusted)
    }

    @Test func `credentials once lost stay lost`() throws {
        var (hop, policy) = try start()
        hop = try #require(policy.step(after: hop, status: 302, location: "https://evil.test/").hop)
        hop = try #require(policy.step(after: hop, status: 302, location: "https://api.test/v1/other").hop)
        #expect(!hop.isTrusted)
        #expect(policy.countsAgainstSource(hop))
    }

    @Test func `circles and long chains are refused`() throws {
        var (hop, policy) = try start()
        #expect(policy.step(after: hop, status: 301, location: "/v1/a").kind == "redirect-loop")
        (hop, policy) = try start()
        hop = try #require(policy.step(after: hop, status: 301, location: "/v1/b").hop)
        hop = try #require(policy.step(after: hop, status: 307, location: "/v1/c").hop)
        #expect(policy.step(after: hop, status: 308, location: "/v1/d").kind == "too-many-redirects")
    }

    @Test(arguments: [nil, "ftp://x/", "http://u:p@x/", "http://"] as [String?])
    func `a redirect to nowhere is refused`(location: String?) throws {
        var (hop, policy) = try start()
        #expect(policy.step(after: hop, status: 302, location: location).kind == "bad-redirect")
    }

    @Test(arguments: [200, 300, 304, 305, 306, 404])
    func `other statuses are no redirects`(status: Int) throws {
        var (hop, policy) = try start()
        #expect(policy.step(after: hop, status: status, location: "/v1/b") == .stay)
    }

    @Test func `of unsafe methods only 303 is followed, as GET without the body`() throws {
        for status in [301, 302, 307, 308] {
            var (hop, policy) = try start(method: "POST")
            #expect(policy.step(after: hop, status: status, location: "/v1/b") == .stay)
        }
        var (hop, policy) = try start(method: "POST")
        // Back to where it was posted: another method, so no circle.
        let next = try #require(policy.step(after: hop, status: 303, location: "/v1/a").hop)
        #expect(next.method == "GET")
        #expect(!next.keepsBody)
    }
}

extension RedirectPolicy.Step {
    fileprivate var hop: Hop? {
        if case .follow(let hop) = self { hop } else { nil }
    }
    fileprivate var kind: String? {
        if case .refuse(let kind, _) = self { kind } else { nil }
    }
}
