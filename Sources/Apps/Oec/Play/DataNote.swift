import FreshetCore
import FreshetDocument

/// Where values come from and how old they are, for players.
struct DataNote: Sendable, Hashable {
    var year: Int
    /// `upstream`, `import`, `fallback`, or `mixed`; `nil` without values.
    var origin: String?
    var fallbackProducts: Int
    /// When the oldest of the real ones was confirmed.
    var updatedAt: Timestamp?
    var isStale: Bool
    var products: Int

    /// Of every product.
    init(_ matrix: ExportMatrix, at now: Timestamp) {
        year = matrix.year
        let origins = matrix.origins
        origin = origins.count > 1 ? "mixed" : origins.keys.first?.rawValue
        fallbackProducts = origins[.fallback] ?? 0
        updatedAt = matrix.oldest
        isStale = matrix.rows.contains { !$0.isFallback && $0.origin != nil && $0.isStale(at: now) }
        products = matrix.rows.count
    }

    /// Of one round's product.
    init(_ round: Game.Round, year: Int, at now: Timestamp) {
        self.year = year
        origin = round.origin?.rawValue
        fallbackProducts = round.isFallback ? 1 : 0
        updatedAt = round.updatedAt
        isStale = !round.isFallback && (round.freshUntil.map { now >= $0 } ?? true)
        products = 1
    }

    /// Whether players must be told of another origin.
    func isOther(than told: DataNote) -> Bool {
        (origin, fallbackProducts) != (told.origin, told.fallbackProducts)
    }

    /// One sentence when values are made up or old.
    var note: String? {
        guard origin != nil else { return "There are no values yet." }
        if fallbackProducts == products {
            return "These values are made up from trade patterns: OEC has not answered yet."
        }
        if fallbackProducts > 0 {
            return
                "The values of \(fallbackProducts) of \(products) products are made up: OEC has not answered for them."
        }
        guard isStale else { return nil }
        return updatedAt.map { "OEC last confirmed these values on \($0.rfc3339.prefix(10))." }
            ?? "OEC has not confirmed these values."
    }

    func write(at now: Timestamp, to json: inout JSONWriter) {
        json.beginObject()
        json.field("year", year)
        json.field("origin", origin)
        json.field("fallback_products", fallbackProducts)
        json.field("updated_at", updatedAt?.rfc3339)
        json.field("age_seconds", updatedAt.map { Int(max(0, (now - $0).microseconds / 1_000_000)) })
        json.field("is_stale", isStale)
        json.field("note", note)
        json.endObject()
    }
}
