/// How many calls of one count may be granted before the store has to know more.
///
/// The durable snapshot says "so many more calls may have been sent". A process never grants more than the last durable
/// snapshot covers, and a restart after a crash counts all of them as sent, so a crash costs at most this many slots.
struct GrantReservation: Sendable, Hashable {
    /// What one snapshot covers: half a second of calls, renewed when half is used, so that writing stays ahead of sending.
    let chunk: Int
    /// Grants left under the durable snapshot.
    private(set) var left = 0
    /// What the snapshot that is being written covers.
    private var pending: Int?
    private var sincePending = 0
    /// A call could go but for this.
    private var isWanted = false
    private var wasUsed = false

    init(interval: Ticks) { chunk = Int(max(1, (500_000_000 + interval - 1) / interval)) }

    /// Whether a snapshot should be written now.
    ///
    /// Slow limits (`chunk` 1) reserve on demand only.
    var needsRenewal: Bool { isWanted || (chunk > 1 && wasUsed && left * 2 <= chunk) }

    mutating func want() { isWanted = true }

    mutating func use() {
        left -= 1
        if pending != nil { sincePending += 1 }
        wasUsed = true
    }

    /// Nothing was sent for a grant, so the snapshot that covers it covers another one.
    ///
    /// A snapshot taken while the call was in flight counts it as made, beside what it reserves.
    mutating func giveBack(isSincePending: Bool) {
        left += 1
        if isSincePending { sincePending -= 1 }
    }

    /// What a snapshot that is taken now covers; never less than what is left, because either of the two may be durable.
    mutating func begin() -> Int {
        let renews = isWanted || (chunk > 1 && wasUsed)
        let amount = renews ? max(chunk, left) : left
        pending = amount
        sincePending = 0
        wasUsed = false
        isWanted = false
        return amount
    }

    /// The snapshot that was begun is durable.
    mutating func commit() {
        guard let amount = pending else { return }
        left = amount - sincePending
        wasUsed = sincePending > 0
        pending = nil
    }

    /// The snapshot that was begun could not be written, or nobody knows: the one before still holds.
    mutating func abandon() {
        pending = nil
        wasUsed = true
    }

    /// Gives back what is left.
    mutating func revoke() {
        left = 0
        pending = nil
        isWanted = false
    }
}
