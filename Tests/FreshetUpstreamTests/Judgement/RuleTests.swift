import FreshetCore
import FreshetDocument
import Testing

@testable import FreshetUpstream

@Suite struct RuleTests {
    private func match(_ rules: [ErrorRule], _ status: Int, _ body: String) throws -> FailureClass? {
        try CompiledRules(rules).match(status: status, root: try JSONTape(text: body).root)?.effect
    }

    @Test func `the first rule that matches decides`() throws {
        let rules = [
            ErrorRule(path: "$.error.code", equals: ["5"], effect: .wait),
            ErrorRule(path: "$.error.code", equals: ["2", "10"], effect: .disableKey),
            ErrorRule(path: "$.error", effect: .permanent),
        ]
        #expect(try match(rules, 200, #"{"error":{"code":5}}"#) == .wait)
        #expect(try match(rules, 200, #"{"error":{"code":"10"}}"#) == .disableKey)
        #expect(try match(rules, 200, #"{"error":{"code":5.0}}"#) == .permanent)
        #expect(try match(rules, 200, #"{"error":null}"#) == nil)
        #expect(try match(rules, 200, #"{"ok":true}"#) == nil)
    }

    @Test func `statuses narrow a rule, and without a path they are enough`() throws {
        let rules = [
            ErrorRule(statuses: [403], path: "$.reason", equals: ["inMaintenance"], effect: .maintenance),
            ErrorRule(statuses: [400, 403], effect: .notFound),
        ]
        #expect(try match(rules, 403, #"{"reason":"inMaintenance"}"#) == .maintenance)
        #expect(try match(rules, 403, #"{"reason":"other"}"#) == .notFound)
        #expect(try match(rules, 200, #"{"reason":"inMaintenance"}"#) == nil)
        #expect(try CompiledRules(rules).match(status: 400, root: nil)?.effect == .notFound)
        #expect(try CompiledRules(rules).needBody(status: 403))
        #expect(try !CompiledRules(rules).needBody(status: 400))
    }

    @Test func `a rule without status and path matches nothing`() throws {
        #expect(try match([ErrorRule(effect: .permanent)], 500, "{}") == nil)
    }

    @Test func `scalars are compared as configuration writes them`() throws {
        let rules = [ErrorRule(path: "$[*]", equals: ["null", "true", "1e3", "a\nb"], effect: .retry)]
        for body in ["[null]", "[true]", "[1e3]", #"["a\nb"]"#] { #expect(try match(rules, 200, body) == .retry) }
        for body in ["[1000]", "[false]", "[[]]", "[{}]"] { #expect(try match(rules, 200, body) == nil) }
    }

    @Test(
        arguments: [
            (#"{"reason":"notFound","message":"x"}"#, "notFound"), (#"{"error":"bad"}"#, "bad"),
            (#"{"error":{"code":5,"error":"Too many requests"}}"#, "Too many requests"),
            (#"{"errors":[{"detail":"d"}]}"#, "d"),
            (#"{"message":"","detail":"z"}"#, "z"), (#"{"a":1}"#, nil), ("[]", nil), (#""text""#, "text"), ("3", nil),
        ] as [(String, String?)])
    func `the reason is found where APIs put it`(body: String, expected: String?) throws {
        #expect(UpstreamReason.find(in: try JSONTape(text: body).root) == expected)
    }

    @Test(arguments: [
        (400, FailureClass.permanent, "upstream-400"), (401, .parkKey, "upstream-401"), (403, .parkKey, "upstream-403"),
        (404, .notFound, "upstream-404"), (410, .notFound, "upstream-410"), (408, .retry, "upstream-408"),
        (422, .permanent, "upstream-422"), (425, .retry, "upstream-425"), (429, .wait, "upstream-429"),
        (500, .retry, "upstream-500"), (503, .maintenance, "upstream-503"), (504, .retry, "upstream-504"),
        (599, .retry, "upstream-599"), (202, .retry, "not-ready"), (204, .retry, "empty"), (206, .retry, "truncated"),
        (302, .permanent, "upstream-302"), (305, .permanent, "upstream-305"),
    ])
    func `a status means its class`(status: Int, effect: FailureClass, kind: String) throws {
        let policy = StatusPolicy(source: "demo", maintenance: [503])
        let answer = Inspection(
            head: TransportHead(status: status, headers: ["Retry-After": "9"]), body: [], isCut: false, parse: .skipped)
        let failure = try #require(policy.failure(answer, now: HandClock.epoch))
        #expect(failure.effect == effect)
        #expect(failure.kind == kind)
        #expect(failure.status == status)
        #expect(failure.retryAfter == .seconds(9))
        #expect(failure.message.hasPrefix("demo answered \(status)."))
    }
}
