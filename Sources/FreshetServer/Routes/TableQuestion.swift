import FreshetCore

/// What the parameters of `GET /v1/tables/{table}` ask for.
struct TableQuestion {
    /// Parameters that are no filters; a column of such a name is filtered as `limit__eq`.
    static let words = ["as_of", "columns", "cursor", "deleted", "format", "header", "limit", "sort"]

    /// Operators as they are written behind `__`.
    static let operators = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "like", "null"]

    let query: TableQuery

    /// Reads the parameters.
    ///
    /// - Throws: A 400 that names the parameter and, where there is one, what was probably meant.
    init(_ exchange: Exchange, table schema: TableSchema) throws(Problem) {
        let columns = schema.columns.map(\.name) + TableSchema.provenance
        var query = TableQuery(table: schema.name)
        for field in (exchange.query ?? "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]) else {
                throw Problem(400, "bad-parameter", "The name of a parameter is not valid percent-encoding.")
            }
            if TableQuestion.words.contains(name) { continue }
            let value = parts.count == 2 ? parts[1] : ""
            query.filters.append(try TableQuestion.filter(name, value, columns, schema.name))
        }
        query.limit = try exchange.number("limit", in: 1...10_000, default: 100)
        query.cursor = try exchange.parameter("cursor")
        query.asOf = try exchange.moment("as_of")
        query.includesDeleted = try TableQuestion.flag("deleted", exchange) ?? false
        if let list = try exchange.list("columns") {
            guard !list.isEmpty else { throw Problem(400, "bad-parameter", "columns names no column.") }
            var seen: Set<String> = []
            for column in list {
                try TableQuestion.check(column, columns, schema.name)
                guard seen.insert(column).inserted else {
                    throw Problem(400, "bad-parameter", "columns names \(column) twice.")
                }
            }
            query.columns = list
        }
        if let list = try exchange.list("sort") {
            query.sort = try list.map { item throws(Problem) in
                let isDescending = item.hasPrefix("-")
                let column = isDescending || item.hasPrefix("+") ? String(item.dropFirst()) : item
                try TableQuestion.check(column, columns, schema.name)
                return (column, isDescending)
            }
        }
        self.query = query
    }

    /// A parameter that is 1 or 0, true or false.
    static func flag(_ name: String, _ exchange: Exchange) throws(Problem) -> Bool? {
        guard let text = try exchange.parameter(name) else { return nil }
        guard let flag = truth(text) else { throw Problem(400, "bad-parameter", "\(name) must be 1 or 0.") }
        return flag
    }

    private static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "true": true
        case "0", "false": false
        default: nil
        }
    }

    // MARK: Filters

    private static func filter(
        _ name: String, _ value: Substring, _ columns: [String], _ table: String
    ) throws(Problem) -> TableQuery.Filter {
        if columns.contains(name) {
            return TableQuery.Filter(column: name, relation: .equal, values: [try decoded(value, name)])
        }
        guard let (column, word) = split(name) else { throw unknown(name, columns, table) }
        guard columns.contains(column) else { throw unknown(column, columns, table) }
        if word == "in" {
            let values = try value.split(separator: ",", omittingEmptySubsequences: false).map {
                piece throws(Problem) in
                try decoded(piece, name)
            }
            return TableQuery.Filter(column: column, relation: .equal, values: values)
        }
        guard let relation = TableQuery.Relation(rawValue: word) else {
            let hint = Nearest.to(word, among: operators).map { "; did you mean __\($0)?" } ?? "."
            throw Problem(
                400, "unknown-operator",
                "\(name): there is no operator __\(word)\(hint) Operators: \(operators.joined(separator: ", ")).")
        }
        var text = try decoded(value, name)
        if relation == .isNull {
            guard let flag = text.isEmpty ? true : truth(text) else {
                throw Problem(400, "bad-parameter", "\(name) must be true or false.")
            }
            text = flag ? "true" : "false"
        }
        return TableQuery.Filter(column: column, relation: relation, values: [text])
    }

    /// The column and the operator of `column__operator`; the last `__` counts, because columns may have one, too.
    private static func split(_ name: String) -> (column: String, word: String)? {
        var rest = name[...]
        var word: [Character] = []
        while let last = rest.popLast() {
            if last == "_", rest.last == "_" {
                rest.removeLast()
                return rest.isEmpty ? nil : (String(rest), String(word.reversed()))
            }
            word.append(last)
        }
        return nil
    }

    private static func decoded(_ value: some StringProtocol, _ name: String) throws(Problem) -> String {
        guard let text = PercentEncoding.decode(value) else {
            throw Problem(400, "bad-parameter", "The value of \(name) is not valid percent-encoding.")
        }
        return text
    }

    private static func check(_ column: String, _ columns: [String], _ table: String) throws(Problem) {
        guard columns.contains(column) else { throw unknown(column, columns, table) }
    }

    private static func unknown(_ column: String, _ columns: [String], _ table: String) -> Problem {
        let hint = Nearest.to(column, among: columns + words).map { "; did you mean \($0)?" } ?? "."
        return Problem(
            400, "unknown-column", "The table \(table) has no column \(column)\(hint)",
            members: [("columns", .array(columns.map { .string($0) }))])
    }
}

extension Exchange {
    /// A list separated by commas; a comma in an element is written `%2C`.
    func list(_ name: String) throws(Problem) -> [String]? {
        for field in (query ?? "").split(separator: "&") where field.hasPrefix(name + "=") {
            return try field.dropFirst(name.count + 1).split(separator: ",").map { piece throws(Problem) in
                guard let text = PercentEncoding.decode(piece) else {
                    throw Problem(400, "bad-parameter", "The value of \(name) is not valid percent-encoding.")
                }
                return text
            }
        }
        return nil
    }
}

/// Finds what was probably meant.
enum Nearest {
    /// The candidate with the fewest letters to change, at most a third of the word's.
    static func to(_ word: String, among candidates: [String]) -> String? {
        let found = candidates.map { (name: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let found, found.distance <= max(1, word.utf8.count / 3) else { return nil }
        return found.name
    }

    /// Levenshtein's distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let change = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
