import FreshetCore
import Testing

@testable import ClashApp

@Suite struct `Signs of activity` {
    struct Case: Sendable {
        var before: Standing?
        var after: Standing
        var guarded: [String]
        var literal: [String]
    }

    private static func standing(_ trophies: Int?, _ given: Int?, _ taken: Int?, _ attacks: Int? = nil) -> Standing {
        Standing(trophies: trophies, donations: given, received: taken, warAttacks: attacks)
    }

    static let cases: [Case] = [
        Case(before: nil, after: standing(1, 1, 1), guarded: ["first_sight"], literal: ["first_sight"]),
        Case(before: standing(10, 5, 5), after: standing(10, 5, 5), guarded: [], literal: []),
        Case(before: standing(10, 5, 5), after: standing(11, 5, 5), guarded: ["trophies"], literal: ["trophies"]),
        // Defenders lose trophies in their sleep.
        Case(before: standing(10, 5, 5), after: standing(9, 5, 5), guarded: [], literal: []),
        Case(before: standing(10, 5, 5), after: standing(10, 6, 5), guarded: ["donations"], literal: ["donations"]),
        Case(before: standing(10, 5, 5), after: standing(10, 5, 9), guarded: ["received"], literal: ["received"]),
        // The end of a season: everybody's counters are zero.
        Case(
            before: standing(10, 500, 300), after: standing(10, 0, 0), guarded: [],
            literal: ["donations", "received"]),
        // Seen later: something was given since.
        Case(
            before: standing(10, 500, 300), after: standing(10, 4, 0), guarded: ["donations"],
            literal: ["donations", "received"]),
        Case(
            before: standing(10, 5, 5, 0), after: standing(10, 5, 5, 1), guarded: ["war_attacks"],
            literal: ["war_attacks"]),
        // What upstream leaves out is unknown.
        Case(before: standing(nil, nil, nil), after: standing(10, 5, 5), guarded: [], literal: []),
        Case(before: standing(10, 5, 5), after: standing(nil, nil, nil), guarded: [], literal: []),
    ]

    @Test(arguments: cases.indices)
    func `follow from two looks`(index: Int) {
        let one = Self.cases[index]
        let guarded = Activity.signs(before: one.before, after: one.after, policy: ActivityPolicy())
        let literal = Activity.signs(before: one.before, after: one.after, policy: .literal)
        #expect(guarded.map(\.rawValue) == one.guarded)
        #expect(literal.map(\.rawValue) == one.literal)
    }

    @Test func `war attacks are carried over for seven days`() {
        let now = Fixture.start
        let old = WarReading(at: now - .seconds(7 * 86_400), used: 2)
        #expect(WarAttacks.used([old], newest: now) == 2)
        #expect(WarAttacks.used([old], newest: now + .seconds(1)) == nil)
        #expect(WarAttacks.used([old, WarReading(at: now, used: 0)], newest: now) == 0)
        #expect(WarAttacks.used([], newest: now) == nil)
    }

    @Test func `loyalty counts whole days and never less than none`() {
        let now = Fixture.start
        #expect(Loyalty.days(joined: nil, now: now) == 0)
        #expect(Loyalty.days(joined: now - .seconds(86_399), now: now) == 0)
        #expect(Loyalty.days(joined: now - .seconds(86_400), now: now) == 1)
        #expect(Loyalty.days(joined: now - .seconds(10 * 86_400), left: now - .seconds(4 * 86_400), now: now) == 6)
        #expect(Loyalty.days(joined: now + .seconds(5), now: now) == 0)
    }

    @Test func `tries are counted in a window that moves`() {
        var log = AttemptLog()
        let start = Fixture.start
        for second in 0..<3 {
            #expect(log.attempt(limit: 3, window: .seconds(60), now: start + .seconds(second)) == nil)
        }
        #expect(log.attempt(limit: 3, window: .seconds(60), now: start + .seconds(10)) == 50)
        #expect(AttemptLog(bytes: log.json) == log)
        #expect(log.attempt(limit: 3, window: .seconds(60), now: start + .seconds(60)) == nil)
        #expect(log.attempt(limit: 3, window: .seconds(60), now: start + .seconds(60)) == 1)
        // A clock that was ahead does not lock anybody out.
        #expect(log.attempt(limit: 1, window: .seconds(60), now: start - .seconds(9_000)) == nil)
    }
}
