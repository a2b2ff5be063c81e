import FreshetCore
import Testing

@testable import FreshetWebhooks

struct WebhookPartsTests {
    /// The example of the Standard Webhooks libraries' own tests.
    @Test func `messages are signed as the standard's test vector`() throws {
        let signature = try #require(WebhookSignature(secrets: [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]))
        let signed = signature.sign(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        let two = try #require(WebhookSignature(secrets: [Bench.secret, Secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]))
        #expect(two.sign(id: "a", timestamp: 1, body: []).split(separator: " ").count == 2)
        for wrong in ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "plain text"] {
            #expect(WebhookSignature(secrets: [Secret(wrong)]) == nil)
        }
        var random = SystemRandomNumberGenerator()
        #expect(WebhookSignature(secrets: [Secret(WebhookSecret.make(using: &random))]) != nil)
    }

    private func event(_ type: String, _ payload: String = "{}", key: String = "A") -> Event {
        Event(
            offset: 7, at: Timestamp(seconds: 1_800_000_000), type: type, source: "clash",
            document: DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: key),
            payload: Array(payload.utf8))
    }

    @Test func `a message has type, timestamp and data, and an id of its event and endpoint`() {
        let message = WebhookMessage(event("dataset.updated", #"{"first":false}"#), epoch: "e", endpoint: "orders")
        #expect(
            String(decoding: message.body, as: UTF8.self)
                == #"{"type":"dataset.updated","timestamp":"2027-01-15T08:00:00Z","data":{"id":"e:7","source":"clash","#
                + #""dataset":"clan","key":"A","profile":null,"payload":{"first":false}}}"#)
        #expect(message.id.hasPrefix("msg_") && message.id.count == 36)
        #expect(
            message == WebhookMessage(event("dataset.updated", #"{"first":false}"#), epoch: "e", endpoint: "orders"))
        #expect(message.id != WebhookMessage(event("dataset.updated"), epoch: "e", endpoint: "other").id)
        #expect(message.id != WebhookMessage(event("dataset.updated"), epoch: "f", endpoint: "orders").id)
        let large = "{\"x\":\"" + String(repeating: "y", count: 300_000) + "\"}"
        #expect(WebhookMessage(event("a", large), epoch: "e", endpoint: "o").body.count < 300)
    }

    @Test func `topics, keys, first loads and ignored changes choose`() {
        var config = WebhookConfig(name: "o", url: Secret(""), secrets: [])
        #expect(WebhookChoice(config).takes(event("x")))
        #expect(!WebhookChoice(config).takes(event("dataset.updated", #"{"first":true}"#)))
        #expect(!WebhookChoice(config).takes(event("clash.member.joined", #"{"name":"x","first":true}"#)))
        config.firstLoads = true
        #expect(WebhookChoice(config).takes(event("dataset.updated", #"{"first":true}"#)))
        config.filter = EventFilter(topics: ["clash.*", "key.parked"], keys: ["A*"])
        #expect(WebhookChoice(config).takes(event("clash.war.ended")))
        #expect(!WebhookChoice(config).takes(event("dataset.updated")))
        #expect(!WebhookChoice(config).takes(event("clash.war.ended", key: "B")))
    }

    @Test(arguments: [
        (#"[{"op":"replace","path":"/memberList/3/donations"}],"truncated":false"#, false),
        (#"[{"op":"replace","path":"/memberList/3/donations"},{"op":"replace","path":"/n"}],"truncated":false"#, true),
        (#"[{"op":"replace","path":"/memberList/3/donations"}],"truncated":true"#, true),
        (#"[{"op":"remove","path":"/memberList/3"}],"truncated":false"#, true),
        (#"[{"op":"reorder","path":"/labels"}],"truncated":false"#, false),
        (#"[],"truncated":false"#, true),
    ])
    func `an update in which only ignored paths changed is not sent`(changes: String, isSent: Bool) {
        var config = WebhookConfig(name: "o", url: Secret(""), secrets: [])
        config.ignore = ["$.memberList[*].donations", "$.labels[*]"]
        #expect(
            WebhookChoice(config).takes(event("dataset.updated", #"{"first":false,"changes":\#(changes)}"#)) == isSent)
        #expect(WebhookChoice(config).takes(event("other", #"{"changes":\#(changes)}"#)))
    }

    @Test(arguments: [
        ("8.8.8.8", true), ("127.0.0.1", false), ("10.1.2.3", false), ("172.16.0.1", false), ("172.32.0.1", true),
        ("192.168.1.1", false), ("169.254.169.254", false), ("100.64.0.1", false), ("0.0.0.0", false),
        ("224.0.0.1", false), ("255.255.255.255", false), ("198.18.0.1", false), ("192.0.2.1", false),
        ("::1", false), ("::", false), ("::ffff:127.0.0.1", false), ("::ffff:8.8.8.8", true), ("fe80::1", false),
        ("fc00::1", false), ("2606:4700::1111", true), ("2001:db8::1", false), ("2002:7f00:1::", false),
        ("64:ff9b::7f00:1", false), ("64:ff9b::808:808", true), ("2001::1", false), ("ff02::1", false),
    ])
    func `only public addresses are sent to`(text: String, isPublic: Bool) throws {
        let found = try #require(try SystemResolver.addresses(of: text, port: 443).first)
        #expect(AddressGuard.isPublic(found.bytes) == isPublic)
    }

    @Test func `a URL is taken apart, or refused`() throws {
        let url = try #require(WebhookURL("https://Example.com:8443/hook?token=abc"))
        #expect(
            url.host == "Example.com" && url.port == 8443 && url.isSecure && url.shown == "https://Example.com:8443/…")
        #expect(WebhookURL("http://[::1]/")?.host == "::1")
        #expect(WebhookURL("https://a")?.port == 443)
        for wrong in [
            "ftp://a", "https://", "https://user@a/", "https://a/#x", "https://a:0", "https://a:99999", "a",
            "https://a b/", "https://[::1", "https://a\\b/",
        ] {
            #expect(WebhookURL(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `the state survives its bytes`() throws {
        var state = WebhookState(place: EventPlace(epoch: "e", offset: 7))
        #expect(WebhookState(state.bytes) == state)
        let at = Timestamp(microseconds: 1_800_000_000_123_456)
        state.gap = WebhookState.Gap(from: "e:1", to: EventPlace(epoch: "e", offset: 5), reason: "r", at: at)
        _ = state.failed("why", at: WebhookState.Pending(offset: 8, at: at), wait: .seconds(5), now: at)
        _ = state.gone(url: "u", at: WebhookState.Pending(offset: 8, at: at), now: at)
        (state.parkedAt, state.lastSuccess, state.delivered) = (at, at, 9)
        #expect(WebhookState(state.bytes) == state)
        #expect(WebhookState(Array("{}".utf8)) == nil)
    }

    @Test func `waits grow over hours and jitter stays within a fifth`() {
        var random = SystemRandomNumberGenerator()
        let total = WebhookPolicy.waits.reduce(Duration.zero, +)
        #expect((15...17).contains(total.inSeconds / 3600))
        for failures in 1...12 {
            let base =
                failures <= WebhookPolicy.waits.count ? WebhookPolicy.waits[failures - 1] : WebhookPolicy.parkedWait
            let wait = WebhookPolicy.wait(after: failures, retryAfter: nil, random: &random)
            #expect(wait >= base * 0.79 && wait <= base * 1.21)
        }
        #expect(WebhookPolicy.wait(after: 1, retryAfter: .seconds(999_999), random: &random) == .seconds(86_400))
    }
}
