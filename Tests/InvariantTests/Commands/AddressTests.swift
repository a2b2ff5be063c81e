import FreshetMock
import Testing

/// Where the server listens.
@Suite struct AddressTests {
    private static func config(_ url: String) -> String {
        """
        sources: { up: { base_url: "\(url)" } }
        datasets: { up.item: { get: "/items/{id}", max_age: PT1H } }
        """
    }

    @Test func `IPv6 loopback serves, is published, and trusts its own machine`() async throws {
        try await withMock { _, url in
            let mirror = try Mirror(Self.config(url), listen: "[::1]:0")
            try await mirror.start()
            #expect(mirror.url.hasPrefix("http://[::1]:"), "\(mirror.url)")
            try await mirror.warm("/v1/up/item/a")
            // The fast lane's turn: the second read of the same path.
            for _ in 0..<3 { #expect(try await mirror.get("/v1/up/item/a").status == 200) }
            #expect(try await mirror.get("/proxy/up/items/a").status == 200)
            // Loopback may write without a token, from a command too.
            #expect(try await mirror.send("GET", "/admin/status").status == 200)
            let refreshed = try await mirror.command("refresh", "up.item", "a")
            #expect(refreshed.code == 0, "\(refreshed.errors)")
            let evil = try await mirror.get("/admin/status", [("Origin", "http://evil.example")])
            #expect(evil.status == 403)
            try await mirror.stop()
        }
    }
}
