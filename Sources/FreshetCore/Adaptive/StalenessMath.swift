#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a refresh is worth to readers.
///
/// A copy that was right at time 0 of a document that changes λ times a second has at age τ been wrong for
/// τ − (1 − e^(−λτ)) / λ seconds on average (the *age* of Cho and Garcia-Molina, "Effective Page Refresh Policies for Web Crawlers",
/// ACM TODS 28(4), 2003). With μ reads a second and a refresh each T seconds, readers see μ times its mean. Of all ways to spend
/// a number of calls the best gives every key the T at which one call more would save the same: Lagrange's condition,
/// ``worth(reads:changes:after:)`` = price for all keys. So a key is due when its worth reaches the price, and the price is what a call
/// must save for all calls to be used up and no more: water-filling. Unlike for plain freshness, the worth of a document that changes all
/// the time grows without bound, so that none is given up on.
public enum StalenessMath {
    /// f(x) = x²/2 + x e⁻ˣ − 1 + e⁻ˣ, with a series where the difference would lose its digits.
    static func shape(_ x: Double) -> Double {
        if x < 0.02 { return x * x * x * (1 / 3.0 - x / 8 + x * x / 30) }
        let e = exp(-x)
        return x * x / 2 + x * e - 1 + e
    }

    /// The x at which ``shape(_:)`` is y.
    static func inverse(_ y: Double) -> Double {
        guard y > 0 else { return 0 }
        let root = cbrt(3 * y)
        if root < 0.02 { return root * (1 + root / 8) }
        var x = y < 0.5 ? root * (1 + root / 8) : (2 * (y + 1)).squareRoot()
        // f is convex and rises: Newton's steps from above do not overshoot.
        for _ in 0..<4 {
            let slope = x * -expm1(-x)
            x = max(1e-3, x - (shape(x) - y) / slope)
        }
        return x
    }

    /// Reader-seconds of staleness that a refresh at age `T` saves, against one that never comes.
    ///
    /// - Parameters:
    ///   - reads: Reads per second.
    ///   - changes: Changes per second, more than 0.
    ///   - age: Seconds since the last refresh.
    /// - Returns: Reader-seconds, at least 0.
    public static func worth(reads: Double, changes: Double, after age: Double) -> Double {
        reads * shape(changes * max(0, age)) / (changes * changes)
    }

    /// Seconds after a refresh at which the next is worth the price.
    public static func age(reads: Double, changes: Double, price: Double) -> Double {
        guard reads > 0 else { return .infinity }
        return inverse(price * changes * changes / reads) / changes
    }

    /// The price at which a key that is read and changes once in `every` is refreshed each `every`, in reader-seconds.
    public static func price(every: Duration) -> Double { every.inSeconds * shape(1) }
}
