#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How often a document changes, learned from looks at unequal intervals.
///
/// A look tells only *whether* a document changed since the one before, not how often: counting changes per time is too low
/// as soon as two changes fall between two looks. Cho and Garcia-Molina, "Estimating Frequency of Change" (ACM TOIT 3(3), 2003),
/// give the estimator −ln((n − X + 0.5) / (n + 0.5)) / I for equal intervals I, and the likelihood for unequal ones. This value
/// climbs that likelihood one look at a time (online expectation–maximisation after Cappé and Moulines, 2009): a look that found a
/// change after time I stands for λI / (1 − e^(−λI)) changes, one that found none for zero. Two decayed sums are all it keeps.
/// Where every look found a change the likelihood has no maximum; the estimate then stops at the value of the cited formula.
public struct ChangeEstimate: Sendable, Hashable {
    /// Looks after which an old one counts half.
    static let memory = 200.0

    /// Looks, decayed.
    var looks: Float = 0
    /// Of these, those that found a change.
    var hits: Float = 0
    /// Changes that they stand for.
    var changes: Float = 0
    /// Seconds between them.
    var exposure: Float = 0

    /// Knows nothing yet.
    public init() {}

    /// Notes a look.
    ///
    /// - Parameters:
    ///   - changed: Whether the document was different.
    ///   - interval: Since the look before; shorter than a second counts as one.
    ///   - prior: Changes per second that are likely for such a document, more than 0.
    public mutating func look(changed: Bool, after interval: Duration, prior: Double) {
        let seconds = max(1, interval.inSeconds)
        let found = rate(prior: prior) * seconds
        let stands = changed ? ChangeEstimate.stands(found) : 0
        let keep = Float(exp2(-1 / ChangeEstimate.memory))
        looks = looks * keep + 1
        hits = hits * keep + (changed ? 1 : 0)
        changes = changes * keep + Float(stands)
        exposure = exposure * keep + Float(seconds)
    }

    /// The changes that one found stands for, where so many were expected.
    static func stands(_ expected: Double) -> Double { expected > 1e-6 ? expected / -expm1(-expected) : 1 }

    /// Changes per second.
    ///
    /// - Parameter prior: What is likely before anything was learned; it weighs as much as half a change.
    /// - Returns: More than 0.
    public func rate(prior: Double) -> Double {
        guard looks > 0 else { return prior }
        let estimate = (Double(changes) + 0.5) / (Double(exposure) + 0.5 / prior)
        let (n, x) = (Double(looks), Double(hits))
        let bound = -log((n - x + 0.5) / (n + 0.5)) * n / Double(exposure)
        // The bound is that of looks which all found changes; where many did not, the estimate is below it anyway.
        return hits + 0.25 >= looks ? min(estimate, max(bound, prior)) : estimate
    }
}
