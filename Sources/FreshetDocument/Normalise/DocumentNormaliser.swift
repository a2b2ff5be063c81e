public import FreshetCore

/// Makes rows of documents.
///
/// Its paths are read once; after that any number of tasks may use it at once. Making rows never fails and never
/// waits: what a document does not have gives no rows, and what a declaration did not expect gives rows, too.
///
/// ```swift
/// let normaliser = try DocumentNormaliser(TablesConfig(specs: [TableSpec(name: "clans", rows: .auto)]))
/// let rows = normaliser.rows(of: tape, key: "#2PP", parameters: ["tag": "#2PP"], fetchedAt: now)
/// ```
public struct DocumentNormaliser: Sendable {
    /// The most members of an object whose members are columns; larger ones are maps, whose members are rows.
    public static let mapThreshold = 200
    /// Once the rows of a table have so many members in one document, objects with new ones are maps.
    public static let memberLimit = 1_000

    let plans: [RowPlan]

    /// Reads the paths of a configuration.
    ///
    /// - Parameter config: The tables of a dataset.
    /// - Throws: The first table and field that cannot be followed.
    public init(_ config: TablesConfig) throws(NormaliserError) {
        var plans: [RowPlan] = []
        for (index, spec) in config.specs.enumerated() { plans.append(try RowPlan(spec, at: index)) }
        let all = plans
        for index in plans.indices { plans[index].leave(all) }
        self.plans = plans
    }

    /// The rows of a document, in one pass.
    ///
    /// - Parameters:
    ///   - tape: The document; its bytes are shared, not copied.
    ///   - key: The document's key, for `{key}`.
    ///   - parameters: The values of the key by name, for `{name}`.
    ///   - fetchedAt: When the document was fetched, for `{fetched_at}`.
    /// - Returns: A table for each specification, also without rows, and one for each nested array or map, parents
    ///   before children.
    public func rows(
        of tape: JSONTape, key: String, parameters: [String: String], fetchedAt: Timestamp
    ) -> DocumentRows {
        tape.bytes.withUnsafeBufferPointer { source in
            tape.words.withUnsafeBufferPointer { words in
                let facts = RowWalk.Facts(key: key, parameters: parameters, fetchedAt: fetchedAt)
                var walk = RowWalk(tape: tape, source: source, words: words, plans: plans, facts: facts)
                return walk.rows()
            }
        }
    }
}
