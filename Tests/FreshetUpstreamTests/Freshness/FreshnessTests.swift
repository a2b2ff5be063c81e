import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct FreshnessTests {
    private let now = HandClock.epoch

    @Test(
        arguments: [
            ([:], 600), (["Cache-Control": "max-age=60"], 120), (["Cache-Control": "max-age=300"], 300),
            (["Cache-Control": "max-age=3600"], 3600), (["Cache-Control": "public, S-MaxAge=900, max-age=60"], 900),
            (["Cache-Control": "max-age=\"900\""], 900), (["Cache-Control": "max-age=900", "Age": "300"], 600),
            (["Cache-Control": "max-age=900", "Age": "9000"], 120), (["Cache-Control": "max-age=x"], 600),
            (["Cache-Control": "max-age=-5"], 600), (["Cache-Control": "max-age=999999999999999999999"], 2_592_000),
            (["Cache-Control": "no-store"], 120), (["Cache-Control": "no-cache, max-age=900"], 120),
            (["Cache-Control": "no-cache=\"set-cookie\", max-age=900"], 900), (["Cache-Control": "private"], 600),
            (["Expires": "Sun, 06 Nov 1994 09:49:37 GMT"], 3600), (["Expires": "0"], 120), (["Expires": "-1"], 120),
            (["Expires": "Sun, 06 Nov 1994 09:49:37 GMT", "Date": "Sun, 06 Nov 1994 09:39:37 GMT"], 600),
            (["Expires": "Sun, 06 Nov 1994 09:49:37 GMT", "Cache-Control": "max-age=700"], 700),
            (["Expires": "Sun, 06 Nov 1994 07:49:37 GMT"], 120), (["Date": "Sun, 06 Nov 1994 07:49:37 GMT"], 600),
        ] as [(HeaderFields, Int)])
    func `upstream lengthens and shortens within the floor`(headers: HeaderFields, seconds: Int) {
        let policy = FreshnessPolicy(maxAge: .seconds(600), floor: .seconds(120))
        #expect(policy.freshFor(headers, now: now) == .seconds(seconds))
    }

    @Test func `a floor at max_age means that upstream can only lengthen`() {
        let policy = FreshnessPolicy(maxAge: .seconds(600), floor: .seconds(600))
        #expect(policy.freshFor(["Cache-Control": "max-age=1"], now: now) == .seconds(600))
        #expect(policy.freshFor(["Cache-Control": "max-age=601"], now: now) == .seconds(601))
        #expect(FreshnessPolicy(maxAge: .seconds(60), floor: .seconds(600)).floor == .seconds(60))
    }

    @Test func `a max_age of our own beyond the cap stands`() {
        let year = Duration.seconds(365 * 86_400)
        let policy = FreshnessPolicy(maxAge: year, floor: year)
        #expect(policy.freshFor([:], now: now) == year)
        #expect(policy.freshFor(["Cache-Control": "max-age=99999999999"], now: now) == year)
    }

    @Test(
        arguments: [
            ("120", 120.0), (" 7 ", 7), ("1.5", 1.5), ("0", 0), ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("99999999999", 2_678_400), ("-5", nil), ("soon", nil), ("", nil),
            (".", nil),
        ] as [(String, Double?)])
    func `Retry-After is read as seconds or a date`(field: String, seconds: Double?) {
        #expect(RetryAfter.read(["Retry-After": field], now: now) == seconds.map { .seconds($0) })
    }

    @Test func `no Retry-After is no wait`() {
        #expect(RetryAfter.read([:], now: now) == nil)
    }
}
