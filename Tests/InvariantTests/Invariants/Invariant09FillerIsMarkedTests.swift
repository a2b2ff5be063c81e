import FreshetDocument
import FreshetMock
import Testing

/// Filler is never taken for data.
///
/// Nothing makes fallback documents yet, so from outside only this can be shown: every answer names its origin, it is
/// `upstream` for what was fetched, and a failing upstream brings no other. That fallback never displaces real data is held
/// by the state machine's own tests and by `StoreContract`.
@Suite(.serialized) struct Invariant09FillerIsMarked {
    @Test func `every answer names its origin, and fetched data is upstream's`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(
                """
                sources:
                  up:
                    base_url: \(url)
                    breaker: { failures: 0 }
                    retry: { attempts: 1 }
                datasets: { up.item: { get: "/items/{id}", max_age: PT1H, history: { keep: P1D } } }
                """)
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            for isBroken in [false, true] {
                if isBroken {
                    try mock.setFaults("status=500")
                    #expect(try await mirror.refreshNow("up.item", "a") == "dead")
                }
                for path in ["/v1/up/item/a", "/v1/up/item/a?envelope=1", "/proxy/up/items/a"] {
                    #expect(try await mirror.get(path).header("Freshet-Origin") == "upstream", "\(path)")
                }
                let envelope = try await mirror.get("/v1/up/item/a?envelope=1").json
                #expect(envelope.text("meta.origin") == "upstream")
                #expect(
                    try await mirror.get("/v1/up/item").json.list("keys").allSatisfy { $0.text("origin") == "upstream" }
                )
                let history = try await mirror.get("/v1/up/item/a/history").json.list("versions")
                #expect(history.map { $0.text("origin") } == ["upstream"])
                #expect(try await mirror.document("up.item", "a")?.text("origin") == "upstream")
            }
            // A key that upstream never gave is not filled with anything.
            let never = try await mirror.get("/v1/up/item/never", [("prefer", "wait=2")])
            #expect(never.status == 202)
            try await mirror.stop()
        }
    }
}
