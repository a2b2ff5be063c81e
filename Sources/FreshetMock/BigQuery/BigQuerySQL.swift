/// The statements that the BigQuery mock runs.
enum BigQueryStatement: Sendable, Equatable {
    case select(Select)
    case merge(Merge)
    case widen(table: String, column: String, type: BigQueryType)

    /// `SELECT … FROM t [WHERE …] [ORDER BY …] [LIMIT n]`.
    struct Select: Sendable, Equatable {
        enum Items: Sendable, Equatable {
            case all
            case count(alias: String)
            case columns([String])
        }
        var items: Items
        var table: String
        var condition: BigQueryCondition?
        var order: [Order] = []
        var limit: Int?

        struct Order: Sendable, Equatable {
            var column: String
            var isDescending: Bool
        }
    }

    /// `MERGE t USING s ON … WHEN …`.
    struct Merge: Sendable, Equatable {
        /// What stands behind `THEN`.
        enum Action: Sendable, Equatable {
            case delete
            case update([(column: String, value: BigQueryOperand)])
            case insert(columns: [String], values: [BigQueryOperand])

            static func == (a: Action, b: Action) -> Bool {
                switch (a, b) {
                case (.delete, .delete): true
                case (.update(let a), .update(let b)): a.elementsEqual(b) { $0 == $1 }
                case (.insert(let a, let b), .insert(let c, let d)): a == c && b == d
                default: false
                }
            }
        }

        enum Kind: Sendable, Equatable { case matched, notMatchedByTarget, notMatchedBySource }

        struct Clause: Sendable, Equatable {
            var kind: Kind
            var condition: BigQueryCondition?
            var action: Action
        }

        var target: String
        var targetAlias: String
        var source: String
        var sourceAlias: String
        /// Columns that must be equal, target first; `nil` is `ON FALSE`.
        var join: [(target: String, source: String)]?
        var clauses: [Clause]

        static func == (a: Merge, b: Merge) -> Bool {
            a.target == b.target && a.source == b.source && a.clauses == b.clauses
                && a.join?.map(\.target) == b.join?.map(\.target) && a.join?.map(\.source) == b.join?.map(\.source)
        }
    }
}

/// A value in a statement.
enum BigQueryOperand: Sendable, Equatable {
    case column(alias: String?, name: String)
    case parameter(String)
    case literal(BigQueryValue)
}

/// What must hold of a row.
indirect enum BigQueryCondition: Sendable, Equatable {
    case compare(BigQueryOperand, String, BigQueryOperand)
    case isNull(BigQueryOperand, isNegated: Bool)
    /// `x IN UNNEST(@list)`.
    case isIn(BigQueryOperand, list: String)
    case and(BigQueryCondition, BigQueryCondition)
    case or(BigQueryCondition, BigQueryCondition)
    case not(BigQueryCondition)
}

/// Cuts SQL into its smallest parts.
enum BigQueryToken: Sendable, Equatable {
    /// A keyword or a bare name.
    case word(String)
    /// A name in backticks.
    case quoted(String)
    case text(String)
    case number(String)
    case parameter(String)
    case symbol(String)

    static func list(_ sql: String) throws(BigQueryFailure) -> [BigQueryToken] {
        var tokens: [BigQueryToken] = []
        var rest = Substring(sql)
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "`" || first == "'" || first == "\"" {
                let body = rest.dropFirst().prefix { $0 != first }
                guard rest.count > body.count + 1 else { throw .query("Syntax error: Unclosed literal") }
                guard !body.contains("\\") else {
                    throw .query("This local server reads no escapes in literals; use a parameter.")
                }
                tokens.append(first == "`" ? .quoted(String(body)) : .text(String(body)))
                rest = rest.dropFirst(body.count + 2)
            } else if first == "@" {
                let name = rest.dropFirst().prefix(while: isName)
                tokens.append(.parameter(String(name)))
                rest = rest.dropFirst(name.count + 1)
            } else if first.isASCII, first.isNumber || (first == "-" && rest.dropFirst().first?.isNumber == true) {
                let number = rest.prefix(1) + rest.dropFirst().prefix { $0.isNumber || $0 == "." }
                tokens.append(.number(String(number)))
                rest = rest.dropFirst(number.count)
            } else if isName(first) {
                let word = rest.prefix(while: isName)
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            } else {
                let two = String(rest.prefix(2))
                let symbol = ["<=", ">=", "!=", "<>"].contains(two) ? two : String(first)
                guard "=<>!(),.*;".contains(first) else {
                    throw .query("Syntax error: Unexpected \"\(first)\"")
                }
                tokens.append(.symbol(symbol))
                rest = rest.dropFirst(symbol.count)
            }
        }
        while tokens.last == .symbol(";") { tokens.removeLast() }
        return tokens
    }

    private static func isName(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
}
