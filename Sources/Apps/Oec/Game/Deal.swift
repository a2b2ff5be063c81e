/// The cards and products of one game.
public struct Deal: Sendable, Hashable {
    /// Rounds in a game.
    public static let rounds = 9
    /// Cards in a hand; both players hold the same, one stays unused.
    public static let cards = 10

    /// Places of countries in the catalogue, in the order of the hand.
    public let hand: [Int]
    /// Places of products in the catalogue, one for each round.
    public let products: [Int]

    /// Deals from what has values.
    ///
    /// - Parameters:
    ///   - matrix: The values; a product without any is never dealt.
    ///   - random: Decides.
    /// - Returns: `nil` when fewer than nine products have values: the game waits.
    public static func make(_ matrix: ExportMatrix, using random: inout some RandomNumberGenerator) -> Deal? {
        let playable = playable(matrix)
        guard playable.count >= rounds else { return nil }
        let hand = OecCatalogue.countries.indices.shuffled(using: &random).prefix(cards)
        return Deal(hand: Array(hand), products: Array(playable.shuffled(using: &random).prefix(rounds)))
    }

    /// Whether enough products have values for a game.
    static func isPossible(_ matrix: ExportMatrix) -> Bool { playable(matrix).count >= rounds }

    private static func playable(_ matrix: ExportMatrix) -> [Int] {
        OecCatalogue.products.indices.filter { matrix.hasValues(product: $0) }
    }

    init(hand: [Int], products: [Int]) { (self.hand, self.products) = (hand, products) }
}
