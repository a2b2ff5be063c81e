import FreshetCore
import Testing

@Suite struct DocumentStateTests {
    private func content(
        _ meaning: UInt8, form: UInt8? = nil, origin: Origin = .upstream, freshFor: Duration = .seconds(60),
        validators: Validators = Validators()
    ) -> RefreshOutcome {
        .content(
            FetchedContent(
                body: [form ?? meaning], contentHash: [meaning], bodyHash: [form ?? meaning], contentType: "text/json",
                validators: validators, freshFor: freshFor, origin: origin))
    }

    private func t(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    private func note(_ kind: String, count: Int = 1) -> FailureNote {
        FailureNote(kind: kind, message: "m", at: t(0), count: count)
    }

    private func live() -> DocumentState {
        var state = DocumentState()
        _ = state.apply(content(1), at: t(0))
        return state
    }

    @Test func `a new state is unknown and stale`() {
        let state = DocumentState()
        #expect(state.presence == .unknown)
        #expect(state.version == 0)
        #expect(state.isStale(at: t(0)))
    }

    @Test func `first content begins version 1`() {
        var state = DocumentState()
        #expect(state.apply(content(1, validators: Validators(etag: "\"a\"")), at: t(5)) == .newVersion)
        #expect(state.version == 1)
        #expect(state.presence == .live)
        #expect([state.lastUpdated, state.checkedAt, state.changedAt] == [t(5), t(5), t(5)])
        #expect(state.freshUntil == t(65))
        #expect(state.contentType == "text/json")
        #expect(state.validators.etag == "\"a\"")
    }

    @Test func `content is stale from the moment its time is up`() {
        let state = live()
        #expect(!state.isStale(at: t(59)))
        #expect(state.isStale(at: t(60)))
    }

    @Test func `identical content moves last_updated and checked_at only`() {
        var state = live()
        #expect(state.apply(content(1), at: t(10)) == .stateOnly)
        #expect([state.lastUpdated, state.checkedAt, state.changedAt] == [t(10), t(10), t(0)])
        #expect(state.version == 1)
    }

    @Test func `another form of the same content replaces the body quietly`() {
        var state = live()
        #expect(state.apply(content(1, form: 9), at: t(10)) == .replaceBody)
        #expect(state.version == 1)
        #expect(state.changedAt == t(0))
        #expect(state.bodyHash == [9])
    }

    @Test func `different content begins a version`() {
        var state = live()
        #expect(state.apply(content(2), at: t(10)) == .newVersion)
        #expect(state.version == 2)
        #expect(state.changedAt == t(10))
        #expect(state.contentHash == [2])
    }

    @Test func `not modified confirms and merges validators`() {
        var state = live()
        state.validators = Validators(etag: "\"a\"", lastModified: "then")
        let outcome = RefreshOutcome.notModified(validators: Validators(etag: "\"b\""), freshFor: .seconds(5))
        #expect(state.apply(outcome, at: t(70)) == .stateOnly)
        #expect(state.freshUntil == t(75))
        #expect(state.lastUpdated == t(70))
        #expect(state.changedAt == t(0))
        #expect(state.validators == Validators(etag: "\"b\"", lastModified: "then"))
    }

    @Test func `failures are counted in a row and displace nothing`() {
        var state = live()
        #expect(state.apply(.failed(note("timeout")), at: t(1)) == .stateOnly)
        #expect(state.apply(.failed(note("upstream-503", count: 7)), at: t(2)) == .stateOnly)
        #expect(state.failure?.count == 2)
        #expect(state.failure?.kind == "upstream-503")
        #expect(state.checkedAt == t(2))
        #expect(state.lastUpdated == t(0))
        #expect(state.presence == .live)
        #expect(!state.isStale(at: t(3)), "a failure alone does not age content")
        _ = state.apply(content(1), at: t(4))
        #expect(state.failure == nil)
    }

    @Test func `a 404 makes an unknown key missing and remembers it`() {
        var state = DocumentState()
        let outcome = RefreshOutcome.notFound(rememberFor: .seconds(9), goneAfter: 3, note: note("upstream-404"))
        #expect(state.apply(outcome, at: t(1)) == .stateOnly)
        #expect(state.presence == .missing)
        #expect(state.freshUntil == t(10))
        #expect(!state.isStale(at: t(9)) && state.isStale(at: t(10)), "not asked for again before")
        #expect(state.lastUpdated == nil)
    }

    @Test(arguments: [1, 2, 3, 5])
    func `a known key is gone after so many 404s and no earlier`(goneAfter: Int) {
        var state = live()
        let outcome = RefreshOutcome.notFound(
            rememberFor: .seconds(9), goneAfter: goneAfter, note: note("upstream-404"))
        for count in 1..<goneAfter {
            _ = state.apply(outcome, at: t(Int64(count)))
            #expect(state.presence == .live)
            #expect(state.isStale(at: t(Int64(count))), "the doubt alone makes it stale")
        }
        _ = state.apply(outcome, at: t(50))
        #expect(state.presence == .gone)
        #expect(!state.isStale(at: t(58)) && state.isStale(at: t(59)), "what is gone is remembered for its time")
        #expect(state.version == 1)
        #expect(state.contentHash == [1])
    }

    @Test func `a failure between 404s neither counts nor starts the count again`() {
        var state = live()
        let outcome = RefreshOutcome.notFound(rememberFor: .seconds(9), goneAfter: 2, note: note("upstream-404"))
        _ = state.apply(outcome, at: t(1))
        _ = state.apply(.failed(note("timeout")), at: t(2))
        #expect(state.presence == .live)
        _ = state.apply(outcome, at: t(3))
        #expect(state.presence == .gone)
    }

    @Test func `a gone key that comes back is news, though its content is not`() {
        var state = live()
        _ = state.apply(.notFound(rememberFor: .seconds(9), goneAfter: 1, note: note("upstream-404")), at: t(1))
        #expect(state.apply(content(1), at: t(2)) == .stateOnly)
        #expect(state.presence == .live)
        #expect(state.changedAt == t(2))
        #expect(state.consecutiveNotFound == 0)
    }

    @Test(arguments: [Origin.upstream, .import])
    func `fallback changes nothing of real content`(origin: Origin) {
        var state = DocumentState()
        _ = state.apply(content(1, origin: origin), at: t(0))
        let before = state
        #expect(state.apply(content(2, origin: .fallback), at: t(10)) == .stateOnly)
        #expect(state == before)
    }

    @Test func `real content replaces fallback even when it is the same`() {
        var state = DocumentState()
        #expect(state.apply(content(1, origin: .fallback), at: t(0)) == .newVersion)
        #expect(state.origin == .fallback)
        #expect(state.apply(content(1), at: t(1)) == .newVersion)
        #expect(state.origin == .upstream)
        #expect(state.version == 2)
    }

    @Test func `fallback may renew fallback`() {
        var state = DocumentState()
        _ = state.apply(content(1, origin: .fallback), at: t(0))
        #expect(state.apply(content(2, origin: .fallback), at: t(1)) == .newVersion)
    }

    @Test func `random histories keep the invariants`() {
        var random = SystemSequence(seed: 42)
        for _ in 0..<200 {
            var state = DocumentState()
            var good: [UInt8] = []
            for step in 0..<40 {
                let before = state
                let outcome = random.outcome(content: { self.content($0, form: $1, origin: $2) }, note: note("x"))
                let effect = state.apply(outcome, at: t(Int64(step)))
                #expect(state.version == before.version + (effect == .newVersion ? 1 : 0))
                #expect((state.presence == .live || state.presence == .gone) == (state.version > 0))
                if case .content(let fetched) = outcome, effect == .newVersion { good = fetched.contentHash }
                #expect(state.contentHash == good)
                if before.version > 0, before.origin != .fallback { #expect(state.origin != .fallback) }
                if case .failed = outcome { #expect(state.lastUpdated == before.lastUpdated) }
            }
        }
    }
}

/// A small seeded source of outcomes (xorshift64).
private struct SystemSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next(_ bound: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state % bound
    }

    mutating func outcome(
        content: (UInt8, UInt8, Origin) -> RefreshOutcome, note: FailureNote
    ) -> RefreshOutcome {
        switch next(5) {
        case 0: .failed(note)
        case 1: .notFound(rememberFor: .seconds(5), goneAfter: 2, note: note)
        case 2: content(UInt8(next(3)), UInt8(next(2)) + 100, .fallback)
        default: content(UInt8(next(3)), UInt8(next(2)) + 100, .upstream)
        }
    }
}
