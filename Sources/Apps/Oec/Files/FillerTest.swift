import FreshetCore

/// Tells numbers that were drawn from a hat from numbers that were counted at borders.
///
/// Three things set them apart. What customs count is whole dollars, while a random real number is one about once in ten million draws.
/// What countries export of one product spreads over many powers of ten, from the leader's billions to a parcel of a few dollars, while
/// uniform numbers stay within three. And hardly any product is exported by everybody in amounts of the same order.
public enum FillerTest {
    /// Whether the values of one product are filler.
    ///
    /// - Parameter amounts: Its values in billions as the file has them, in the form of JSON numbers.
    /// - Returns: `true` when they cannot be trade: they lie within four powers of ten, and most are no whole dollars, or they are
    ///   as even as nothing that is traded between two dozen countries or more.
    public static func isFiller(_ amounts: [String]) -> Bool {
        let read = amounts.compactMap { Dollars.read(billions: $0) }
        let dollars = read.filter { $0.whole > 0 }
        guard let most = dollars.map(\.whole).max(), let least = dollars.map(\.whole).min(), dollars.count >= 3 else {
            return false
        }
        let spread = Double(max(most, 1)) / Double(max(least, 1))
        guard spread < 10_000 else { return false }
        if amounts.count(where: hasParts) * 2 > amounts.count { return true }
        return dollars.count >= 24 && spread < 3_200 && Self.evenness(dollars.map(\.whole)) < 0.8
    }

    /// Whether an amount has parts of a dollar beyond what sums of binary fractions leave.
    private static func hasParts(_ amount: String) -> Bool {
        let dollars = (Double(amount) ?? 0) * 1e9
        return abs(dollars - dollars.rounded()) > 0.001
    }

    /// The standard deviation of the decimal logarithms; above 1 for whatever is traded.
    private static func evenness(_ dollars: [Int64]) -> Double {
        let logs = dollars.map { Logarithm.ten(Double(max($0, 1))) }
        let mean = logs.reduce(0, +) / Double(logs.count)
        return (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count)).squareRoot()
    }
}

/// Logarithms and powers without the C library: the same bits on every machine, so that what is made up is the same everywhere.
enum Logarithm {
    private static let ln2 = 0.693_147_180_559_945_3
    private static let ln10 = 2.302_585_092_994_046

    /// The decimal logarithm of a number above zero, to 12 digits.
    static func ten(_ x: Double) -> Double {
        let (exponent, significand) = (Double(x.exponent), x.significand)
        // ln m = 2 artanh((m - 1)/(m + 1)), which converges fast for 1 <= m < 2.
        let z = (significand - 1) / (significand + 1)
        var (term, sum, power) = (z, 0.0, 1.0)
        while power < 40 {
            sum += term / power
            term *= z * z
            power += 2
        }
        return (exponent * ln2 + 2 * sum) / ln10
    }

    /// Ten to the power of `x`, to 12 digits, for -300...300.
    static func power(ofTen x: Double) -> Double {
        let y = x * ln10
        let whole = (y / ln2).rounded()
        let rest = y - whole * ln2
        var (term, sum) = (1.0, 1.0)
        for step in 1..<20 {
            term *= rest / Double(step)
            sum += term
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }
}
