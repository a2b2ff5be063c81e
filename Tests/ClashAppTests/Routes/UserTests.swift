import FreshetCore
import FreshetMock
import FreshetSQLite
import FreshetTesting
import JWTKit
import Testing

@testable import ClashApp

@Suite struct `Users of the Clash app` {
    private func verified(_ tag: String = "AAA", _ status: String = "ok") -> PassResult {
        .answer(status: 200, headers: [], body: Array("{\"tag\":\"#\(tag)\",\"status\":\"\(status)\"}".utf8))
    }

    @Test func `a route without a good token answers 401, exact paths aside`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let closed = [
                "clan/CLAN", "clan/CLAN/members/at-risk", "clan/CLAN/members/loyalty", "player/AAA", "war/CLAN/current",
                "player/by-user/u", "user/me",
                // Paths that end as an open one does are closed all the same.
                "clan/LOG", "clan/HEALTH", "player/LOG",
            ]
            for path in closed {
                let answer = try await mirror.ask("GET", "/api/v1/\(path)")
                #expect(answer.status == 401 && answer.header("WWW-Authenticate") == "Bearer", "\(path)")
                #expect(try await mirror.ask("GET", "/api/v1/\(path)", token: "x.y.z").status == 401)
            }
            #expect(try await mirror.ask("POST", "/api/v1/user/verify", body: #"{"token":"t"}"#).status == 401)
            #expect(mirror.asked.isEmpty)
            for path in ["/api/v1/health", "/health"] {
                #expect(try await mirror.ask("GET", path).status == 200)
            }
        }
    }

    @Test func `a user without a player gets 400, except about themselves`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let token = try await Tokens.signed()
            #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN", token: token).status == 400)
            #expect(try await mirror.ask("GET", "/api/v1/user/me", token: token).json?.isNull("player_tag") == true)
            let set = try await mirror.ask(
                "PUT", "/api/v1/user/player-tag", token: token, body: ##"{"player_tag":"#aaO"}"##)
            #expect(set.json?.text("player_tag") == "AA0" && set.json?.flag("is_verified") == false)
            #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN", token: token).status == 404)
            #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN", cookie: "a=b; sid=\(token)").status == 404)
            #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN", cookie: "sid=bad").status == 401)
            for body in ["", "{}", #"{"player_tag":7}"#, #"{"player_tag":"!"}"#] {
                #expect(
                    try await mirror.ask("PUT", "/api/v1/user/player-tag", token: token, body: body).status == 400)
            }
        }
    }

    @Test func `an issuer's users may have to be added first`() async throws {
        var options = Fixture.withUsers
        options.identity?.acceptsNewUsers = false
        try await Mirror.with(options) { mirror in
            let token = try await Tokens.signed()
            #expect(try await mirror.ask("GET", "/api/v1/user/me", token: token).status == 401)
            let body =
                ##"{"player_tag":"#AAA","is_verified":true,"risk_weights":{"war":1,"idle":0,"don_deficit":0,"don_drop":0}}"##
            let added = try await mirror.ask("PUT", "/api/v1/users/user-1", body: body)
            #expect(added.status == 200 && added.json?.flag("is_verified") == true)
            mirror.clock.advance(by: .seconds(3))
            let me = try await mirror.ask("GET", "/api/v1/user/me", token: token)
            #expect(me.json?.text("player_tag") == "AAA" && me.json?["risk_weights"]?.text("war") == nil)
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: nil))
            let player = try await mirror.ask("GET", "/api/v1/player/by-user/user-1", token: token)
            #expect(player.json?.text("tag") == "AAA")
            #expect(try await mirror.ask("GET", "/api/v1/player/by-user/nobody", token: token).status == 404)
        }
    }

    @Test func `weights of one's own count for oneself`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let token = try await Tokens.signed()
            _ = try await mirror.ask("PUT", "/api/v1/user/player-tag", token: token, body: #"{"player_tag":"AAA"}"#)
            try await mirror.load(
                "clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA", donations: 0, received: 0)]))
            mirror.clock.advance(by: .seconds(5 * 86_400))
            let fresh = try await Tokens.signed(Tokens.payload(now: mirror.clock.now()))
            func score() async throws -> Int? {
                try await mirror.ask("GET", "/api/v1/clan/CLAN/members/at-risk", token: fresh).json?.arrayValue?.first?
                    .int("risk_score")
            }
            #expect(try await score() == 50)
            let set = try await mirror.ask(
                "PUT", "/api/v1/user/risk-weights", token: fresh,
                body: #"{"war":0,"idle":0.5,"don_deficit":0.1,"don_drop":0}"#)
            #expect(set.status == 200)
            #expect(try await score() == 83 + 17)
            for body in ["", "[]", #"{"war":2}"#, #"{"other":1}"#, #"{"war":0,"idle":0,"don_deficit":0,"don_drop":0}"#]
            {
                #expect(
                    try await mirror.ask("PUT", "/api/v1/user/risk-weights", token: fresh, body: body).status == 400,
                    "\(body)")
            }
            _ = try await mirror.ask("PUT", "/api/v1/user/risk-weights", token: fresh, body: "null")
            #expect(try await score() == 50)
        }
    }

    @Test func `a token of the game proves who one is, once, and is told to nobody else`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let token = try await Tokens.signed()
            func verify(_ body: String) async throws -> Mirror.Answer {
                try await mirror.ask("POST", "/api/v1/user/verify", token: token, body: body)
            }
            #expect(try await verify(#"{"token":"game-secret"}"#).status == 400)
            #expect(mirror.passed.isEmpty)
            _ = try await mirror.ask("PUT", "/api/v1/user/player-tag", token: token, body: #"{"player_tag":"AAA"}"#)
            for body in ["", "{}", #"{"token":""}"#, #"{"token":5}"#, "[]"] {
                #expect(try await verify(body).status == 400)
            }
            mirror.answers { _ in verified("AAA", "invalid") }
            #expect(try await verify(#"{"token":"game-secret"}"#).status == 400)
            mirror.answers { _ in .failed(CallFailure(effect: .retry, kind: "timeout", message: "")) }
            let down = try await verify(#"{"token":"game-secret"}"#)
            #expect(down.status == 503 && down.header("Retry-After") != nil)
            // An answer about somebody else proves nothing.
            mirror.answers { _ in verified("BBB") }
            #expect(try await verify(#"{"token":"game-secret"}"#).status == 400)
            mirror.answers { _ in verified() }
            let good = try await verify(#"{"token":"game-secret"}"#)
            #expect(good.json?.text("status") == "ok" && good.json?.text("player_tag") == "AAA")
            #expect(try await verify(#"{"token":"game-secret"}"#).status == 400)
            let pass = try #require(mirror.passed.last)
            #expect(pass.method == "POST" && pass.path == "/players/%23AAA/verifytoken" && pass.priority == .critical)
            #expect(String(decoding: pass.body, as: UTF8.self) == #"{"token":"game-secret"}"#)
            #expect(try await mirror.ask("GET", "/api/v1/user/me", token: token).json?.flag("is_verified") == true)
            for (_, value) in try await mirror.store.values(prefix: "clash/", after: nil, limit: 100) {
                #expect(!String(decoding: value, as: UTF8.self).contains("game-secret"))
            }
        }
    }

    @Test func `tries to verify are limited for a user, and for a tag whoever tries`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            mirror.answers { _ in verified("AAA", "invalid") }
            func verify(_ user: String) async throws -> Mirror.Answer {
                let token = try await Tokens.signed(Tokens.payload(user, now: mirror.clock.now()))
                _ = try await mirror.ask("PUT", "/api/v1/user/player-tag", token: token, body: #"{"player_tag":"AAA"}"#)
                return try await mirror.ask("POST", "/api/v1/user/verify", token: token, body: #"{"token":"x"}"#)
            }
            for _ in 0..<5 { #expect(try await verify("one").status == 400) }
            let refused = try await verify("one")
            #expect(refused.status == 429 && refused.header("Retry-After") == "900")
            for _ in 0..<5 { #expect(try await verify("two").status == 400) }
            // Ten of this tag: nobody has one more.
            #expect(try await verify("three").status == 429)
            #expect(mirror.passed.count == 10)
            mirror.clock.advance(by: .seconds(900))
            #expect(try await verify("one").status == 400)
        }
    }

    @Test func `changes that race are all kept`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let book = UserBook()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        try await book.change("racer", mirror.services) { user in
                            _ = user.invites.attempt(
                                limit: 100, window: .seconds(1_000_000),
                                now: Timestamp(seconds: Fixture.start.seconds - Int64(index)))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let user = try await UserBook().user("racer", mirror.services)
            #expect(user?.invites.moments.isEmpty == false)
        }
    }

    @Test func `invitations go to users, and not without end`() async throws {
        try await Mirror.with(Fixture.withUsers) { mirror in
            let token = try await Tokens.signed()
            #expect(try await mirror.ask("POST", "/invite/friend", token: token).status == 404)
            #expect(try await mirror.ask("POST", "/invite/friend").status == 401)
            _ = try await mirror.ask("PUT", "/api/v1/users/friend", body: "{}")
            for _ in 0..<20 { #expect(try await mirror.ask("POST", "/invite/friend", token: token).status == 204) }
            #expect(try await mirror.ask("POST", "/invite/friend", token: token).status == 429)
            let events = try await mirror.store.events(after: 0, limit: 100).events
            #expect(events.count { $0.type == "clash.user.invited" } == 20)
        }
    }

    @Test func `the issuer's keys are read from the mirror`() async throws {
        let (signer, set) = try await `Tokens of the issuer`.published()
        var options = Fixture.withUsers
        options.identity?.signingKey = nil
        options.identity?.keySet = .url("https://id.test/oauth2/jwks.json")
        try await Mirror.with(options) { mirror in
            let token = try await signer.sign(Tokens.payload(), kid: .init(string: "ec"))
            #expect(try await mirror.ask("GET", "/api/v1/user/me", token: token).status == 401)
            try await mirror.load("keys", "_", bytes: set)
            #expect(try await mirror.ask("GET", "/api/v1/user/me", token: token).status == 200)
        }
    }
}
