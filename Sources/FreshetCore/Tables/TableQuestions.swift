// What every store makes of a question to a table in the same way.

extension TableQuery {
    /// Tells questions apart: pages of one may differ in size and columns only.
    package var fingerprint: UInt64 {
        var question = self
        (question.cursor, question.limit, question.columns) = (nil, 1, nil)
        var text = question.table.lowercased()
        for filter in question.filters {
            text += "\u{1}\(filter.column)\u{2}\(filter.relation.rawValue)\u{2}"
            text += filter.values.map { "\($0.utf8.count):\($0)" }.joined(separator: "\u{2}")
        }
        for (column, isDescending) in question.sort { text += "\u{3}\(column)\(isDescending)" }
        text += "\u{4}\(question.asOf?.microseconds ?? -1)\(question.includesDeleted)"
        return RowHash.text(text)
    }
}

extension TableQuery.Relation {
    /// The relation to a stored value that says the same as this one does of the exact value.
    ///
    /// `isExact`: whether the column can hold exactly that; else the stored value is the next smaller one that it can.
    package func symbol(isExact: Bool) -> String {
        switch self {
        case .less: isExact ? "<" : "<="
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: isExact ? ">=" : ">"
        default: "="
        }
    }
}

extension ColumnSchema {
    /// What a filter with a value of another type is told.
    package var filterRefusal: StoreError {
        let form =
            switch type {
            case .timestamp: "a moment such as 2026-05-28T14:42:40Z"
            case .date: "a day such as 2026-05-28"
            case .boolean: "true or false"
            default: "a number"
            }
        return .refused("the filter on \(name) takes \(form)")
    }
}
