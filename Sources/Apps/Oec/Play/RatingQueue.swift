/// Finished games that wait to be rated: in order for each player, beside each other for different ones.
struct RatingQueue: Sendable {
    /// How many are rated at once.
    static let most = 8

    private var waiting: [RatingWish] = []
    private var busy: Set<String> = []
    private(set) var active = 0

    var count: Int { waiting.count + active }

    mutating func add(_ wish: RatingWish) { waiting.append(wish) }

    /// The next game that can be rated; none of its players is in one that is being rated or came before.
    mutating func next() -> RatingWish? {
        guard active < Self.most else { return nil }
        var passed = busy
        for (index, wish) in waiting.enumerated() {
            let players = wish.players.compactMap { $0 }
            if passed.isDisjoint(with: players) {
                waiting.remove(at: index)
                busy.formUnion(players)
                active += 1
                return wish
            }
            passed.formUnion(players)
        }
        return nil
    }

    mutating func done(_ wish: RatingWish) {
        busy.subtract(wish.players.compactMap { $0 })
        active -= 1
    }
}
