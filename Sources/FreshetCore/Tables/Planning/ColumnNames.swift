/// Gives columns and tables names that are free.
struct ColumnNames {
    private var taken: Set<String>

    /// The longest name in bytes.
    static let limit = 200

    init(_ columns: [ColumnSchema]) {
        taken = TableSchema.reservedColumns.union(columns.map { $0.name.lowercased() })
    }

    /// The proposed name, or that name with the first free number behind it.
    mutating func claim(_ proposal: String) -> String {
        let name = Self.free(proposal.isEmpty ? "value" : proposal) { taken.contains($0.lowercased()) }
        taken.insert(name.lowercased())
        return name
    }

    /// The first of `name`, `name_2`, `name_3`, … that is not taken; longer ones than ``limit`` are cut.
    static func free(_ proposal: String, isTaken: (String) -> Bool) -> String {
        var base = proposal
        while base.utf8.count > limit { base.removeLast() }
        guard isTaken(base) else { return base }
        var number = 2
        while isTaken("\(base)_\(number)") { number += 1 }
        return "\(base)_\(number)"
    }
}
