public import FreshetCore

extension Game {
    /// A finished round, with the values that decided it.
    public struct Round: Sendable, Hashable {
        /// The product's place in the catalogue.
        public var product: Int
        /// The countries that were played, by seat.
        public var cards: [Int]
        /// What they export in whole dollars, by seat; what upstream does not name counts as nothing.
        public var values: [Int64]
        /// The seats that got a point: both on a tie.
        public var winners: [Int]
        /// What each dealt country exports, in the order of the hand.
        public var lines: [Line]
        /// Where the values came from.
        public var origin: Origin?
        /// When upstream last confirmed them.
        public var updatedAt: Timestamp?
        /// Until when they count as fresh.
        public var freshUntil: Timestamp?

        /// Whether the values are made up.
        public var isFallback: Bool { origin == .fallback }
    }

    /// What a country exports of a round's product.
    public struct Line: Sendable, Hashable {
        /// The country's place in the catalogue.
        public var country: Int
        /// Whole dollars; `nil` when upstream names no value.
        public var dollars: Int64?
        /// Billions as the routes tell them; `nil` without a value.
        public var billions: String?
    }
}

extension Game.Round {
    /// Keeps what the values were when the round was decided.
    init(product: Int, cards: [Int], values: [Int64], winners: [Int], _ hand: [Int], _ matrix: ExportMatrix) {
        let lines = hand.map { country in
            Game.Line(
                country: country, dollars: matrix.value(product: product, country: country),
                billions: matrix.billions(product: product, country: country))
        }
        let row = matrix.rows[product]
        self.init(
            product: product, cards: cards, values: values, winners: winners, lines: lines, origin: row.origin,
            updatedAt: row.isFallback ? nil : row.updatedAt, freshUntil: row.freshUntil)
    }
}
