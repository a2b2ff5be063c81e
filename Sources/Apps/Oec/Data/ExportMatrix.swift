public import FreshetCore

/// Exports of one year by product and country, in memory.
///
/// A lookup reads one word of an array; copies of the value share it.
public struct ExportMatrix: Sendable {
    /// What is known of the values of one product.
    public struct Row: Sendable, Hashable {
        /// Where they come from; `nil` when there are none.
        public var origin: Origin?
        /// When upstream last confirmed them.
        public var updatedAt: Timestamp?
        /// Until when they count as fresh.
        public var freshUntil: Timestamp?
        /// When the last attempt was made.
        public var checkedAt: Timestamp?
        /// Why the last attempt failed; `nil` after a success.
        public var failure: FailureNote?
        /// The product that upstream answered for, when it is another one: a parent heading.
        public var answeredFor: String?

        /// Nothing yet.
        public init() {}

        /// Whether the values are made up.
        public var isFallback: Bool { origin == .fallback }

        /// Whether the values are older than allowed; fallback always is.
        public func isStale(at now: Timestamp) -> Bool { isFallback || freshUntil.map { now >= $0 } ?? true }
    }

    /// The year.
    public let year: Int
    /// What is known of each product, by its place in the catalogue.
    public private(set) var rows: [Row]
    private var dollars: [Int64]
    /// Amounts in billions that are no whole dollars, as written, by the same index.
    private var exact: [Int: String] = [:]
    private let columns = OecCatalogue.countries.count
    /// No value, which the rules count as zero.
    private static let none = Int64.min

    /// A matrix without values.
    public init(year: Int) {
        self.year = year
        rows = [Row](repeating: Row(), count: OecCatalogue.products.count)
        dollars = [Int64](repeating: Self.none, count: rows.count * columns)
    }

    /// Whole dollars by the places of product and country; `nil` when upstream names no value, or there are none.
    @inlinable
    public func value(product: Int, country: Int) -> Int64? { read(product, country) }

    @usableFromInline
    func read(_ product: Int, _ country: Int) -> Int64? {
        let value = dollars[product * columns + country]
        return value == Self.none ? nil : value
    }

    /// The amount in billions as upstream or a file wrote it, in the seed's form; `nil` where there is no value.
    public func billions(product: Int, country: Int) -> String? {
        exact[product * columns + country] ?? read(product, country).map(Dollars.billions)
    }

    /// Whether the product can be played with.
    public func hasValues(product: Int) -> Bool { rows[product].origin != nil }

    /// The values of a product, by the place of the country.
    public func values(product: Int) -> [Int64?] { (0..<columns).map { read(product, $0) } }

    /// Sets what is known of a product, and its values.
    package mutating func set(_ row: Row, values: [Int64?], product: Int, exact: [Int: String] = [:]) {
        rows[product] = row
        for country in 0..<columns { self.exact[product * columns + country] = exact[country] }
        for (country, value) in values.enumerated() { dollars[product * columns + country] = value ?? Self.none }
    }

    /// Sets what is known of a product, its values untouched.
    mutating func set(_ row: Row, product: Int) { rows[product] = row }

    /// How many products have values from each origin.
    public var origins: [Origin: Int] {
        rows.reduce(into: [:]) { counts, row in if let origin = row.origin { counts[origin, default: 0] += 1 } }
    }

    /// When the oldest of the real values was last confirmed; `nil` without any.
    public var oldest: Timestamp? { rows.lazy.filter { !$0.isFallback }.compactMap(\.updatedAt).min() }
}
