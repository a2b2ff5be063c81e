import FreshetCore
import Testing

@testable import FreshetEngine

struct AgingTurnsTests {
    @Test func `low gets one turn in sixteen while more urgent work saturates`() {
        var aging = AgingTurns()
        var lowTurns = 0
        for _ in 0..<1700 {
            if aging.isDue { lowTurns += 1 }
            aging.leased(aging.isDue ? .low : .high)
        }
        #expect(lowTurns == 100)
    }

    @Test func `while low runs anyway no turn is taken from anyone`() {
        var aging = AgingTurns()
        for _ in 0..<1000 {
            aging.leased(.low)
            #expect(!aging.isDue)
        }
    }

    @Test func `an empty queue starts the count anew`() {
        var aging = AgingTurns()
        for _ in 0..<20 { aging.leased(.critical) }
        #expect(!aging.isDue || AgingTurns.turns <= 20)
        aging.nothingWaits()
        #expect(!aging.isDue)
    }
}
