import FreshetCore

/// How the sweep deals with the queue; the simulator goes by the same numbers.
enum SweepRules {
    /// At most this long between two looks for due plans.
    static let pause = Duration.seconds(1)
    /// At least this long: what falls due within it goes together.
    static let shortest = Duration.milliseconds(20)
    /// Plans in one look, without a limit of calls.
    private static let most = 1000
    /// While calls have a price but are left over, what is worth this share of it may go.
    static let bargain = 0.25
    /// Between two looks at what waits in the queue.
    static let raiseEvery = Duration.seconds(4)
    /// From so many times its worth on a job that waits is raised.
    private static let raise = 2.0
    /// Plans due within this time are asked whether they are.
    static let ahead = Duration.seconds(86_400)
    /// Seconds of calls that may stand in the queue; what is due beyond waits outside, where the order is decided anew.
    private static let seconds = 8.0

    /// How many scheduled refreshes may stand in the queue of a source; `rate`: calls a second, `nil` without a limit.
    static func room(rate: Double?) -> Int {
        guard let rate else { return most }
        return min(most, max(8, Int(rate * seconds)))
    }

    /// Plans in one look: enough to choose from while the queue is half empty, else the most urgent only.
    static func portion(ready: Int, room: Int) -> Int { isFull(ready: ready, room: room) ? urgent : 2 * room }

    /// Whether only what is critical or high may still be added.
    static func isFull(ready: Int, room: Int) -> Bool { 2 * ready > room }

    /// Plans in a look at what may go before its time.
    static func choice(room: Int) -> Int { max(4 * urgent, 2 * room) }

    /// Plans in a look at a queue that is full.
    private static let urgent = 16

    /// The place that a job which waits since it was worth `heat` should have by now; `nil` when that is much the same.
    static func raised(_ review: RefreshPolicy.Review, from heat: Int) -> (priority: Priority, heat: Int)? {
        guard case .refresh(let priority, let now) = review, Double(now) > Double(heat) * raise else { return nil }
        return (priority, now)
    }

    /// The seconds that calls need for what waits, a second each where they are rarer; 0 without a limit, unless more waits than one look can see.
    ///
    /// `outside`: plans that are due beyond the room, the urgent included. Without any the line is not too long, whatever stands in it: a higher price would
    /// hold back none of it. `isCut`: whether more was due than was looked at; then it is not known to be too short.
    static func line(waiting: Int, outside: Int, isCut: Bool, rate: Double?) -> Double {
        guard let rate else { return waiting + outside > 2 * most ? CallPrice.long + 1 : 0 }
        let line = Double(waiting + outside) / max(1, rate)
        if outside > 0 { return max(line, isCut ? 4 * CallPrice.long : CallPrice.long + 1) }
        return min(isCut ? max(line, CallPrice.short) : line, CallPrice.long)
    }
}
