/// Reads the statements of ``BigQueryStatement`` and refuses all others in words.
struct BigQuerySQLParser {
    private var tokens: ArraySlice<BigQueryToken>

    static func parse(_ sql: String) throws(BigQueryFailure) -> BigQueryStatement {
        var parser = BigQuerySQLParser(tokens: try BigQueryToken.list(sql)[...])
        let statement = try parser.statement()
        guard parser.tokens.isEmpty else { throw parser.unexpected() }
        return statement
    }

    private mutating func statement() throws(BigQueryFailure) -> BigQueryStatement {
        if take("SELECT") { return .select(try select()) }
        if take("MERGE") { return .merge(try merge()) }
        if take("ALTER") { return try alter() }
        throw .query("This local server runs SELECT, MERGE and ALTER COLUMN … SET DATA TYPE only.")
    }

    // MARK: Statements

    private mutating func select() throws(BigQueryFailure) -> BigQueryStatement.Select {
        var items = BigQueryStatement.Select.Items.all
        if !takeSymbol("*") {
            if take("COUNT") {
                try expect("(", "*", ")")
                items = .count(alias: take("AS") ? try name() : "f0_")
            } else {
                var columns = [try name()]
                while takeSymbol(",") { columns.append(try name()) }
                items = .columns(columns)
            }
        }
        try expectWord("FROM")
        var select = BigQueryStatement.Select(items: items, table: try path())
        if take("WHERE") { select.condition = try condition() }
        if take("ORDER") {
            try expectWord("BY")
            repeat {
                let column = try name()
                let isDescending = take("DESC")
                if !isDescending { _ = take("ASC") }
                select.order.append(.init(column: column, isDescending: isDescending))
            } while takeSymbol(",")
        }
        if take("LIMIT") {
            guard case .number(let text) = tokens.first, let limit = Int(text) else { throw unexpected() }
            tokens = tokens.dropFirst()
            select.limit = limit
        }
        return select
    }

    private mutating func alter() throws(BigQueryFailure) -> BigQueryStatement {
        try expectWord("TABLE")
        let table = try path()
        try expectWord("ALTER")
        try expectWord("COLUMN")
        let column = try name()
        for word in ["SET", "DATA", "TYPE"] { try expectWord(word) }
        let type = try name()
        guard let known = BigQueryType(name: type) else { throw .query("Type not found: \(type)") }
        return .widen(table: table, column: column, type: known)
    }

    private mutating func merge() throws(BigQueryFailure) -> BigQueryStatement.Merge {
        _ = take("INTO")
        let target = try path()
        let targetAlias = try alias(target)
        try expectWord("USING")
        let source = try path()
        let sourceAlias = try alias(source)
        try expectWord("ON")
        let join = try join(targetAlias, sourceAlias)
        var clauses: [BigQueryStatement.Merge.Clause] = []
        while take("WHEN") { clauses.append(try clause()) }
        guard !clauses.isEmpty else { throw unexpected() }
        return BigQueryStatement.Merge(
            target: target, targetAlias: targetAlias, source: source, sourceAlias: sourceAlias, join: join,
            clauses: clauses)
    }

    /// `FALSE`, or equal columns of both tables.
    private mutating func join(
        _ target: String, _ source: String
    ) throws(BigQueryFailure) -> [(target: String, source: String)]? {
        if take("FALSE") { return nil }
        var pairs: [(target: String, source: String)] = []
        repeat {
            let left = try operand()
            try expect("=")
            let right = try operand()
            guard case .column(let a?, let x) = left, case .column(let b?, let y) = right,
                Set([a, b]) == [target, source]
            else { throw .query("This local server joins on equal columns of both tables, or on FALSE.") }
            pairs.append(a == target ? (x, y) : (y, x))
        } while take("AND")
        return pairs
    }

    private mutating func clause() throws(BigQueryFailure) -> BigQueryStatement.Merge.Clause {
        var kind = BigQueryStatement.Merge.Kind.matched
        if take("NOT") {
            kind = .notMatchedByTarget
            try expectWord("MATCHED")
            if take("BY") {
                if take("SOURCE") { kind = .notMatchedBySource } else { try expectWord("TARGET") }
            }
        } else {
            try expectWord("MATCHED")
        }
        let condition = take("AND") ? try condition() : nil
        try expectWord("THEN")
        return .init(kind: kind, condition: condition, action: try action(kind))
    }

    private mutating func action(
        _ kind: BigQueryStatement.Merge.Kind
    ) throws(BigQueryFailure) -> BigQueryStatement.Merge.Action {
        if kind == .notMatchedByTarget {
            try expectWord("INSERT")
            let columns = try list { parser throws(BigQueryFailure) in try parser.name() }
            try expectWord("VALUES")
            let values = try list { parser throws(BigQueryFailure) in try parser.operand() }
            guard columns.count == values.count else {
                throw .query("Inserted row has wrong column count; Has \(values.count), expected \(columns.count)")
            }
            return .insert(columns: columns, values: values)
        }
        if take("DELETE") { return .delete }
        try expectWord("UPDATE")
        try expectWord("SET")
        var sets: [(column: String, value: BigQueryOperand)] = []
        repeat {
            let column = try name()
            try expect("=")
            sets.append((column, try operand()))
        } while takeSymbol(",")
        return .update(sets)
    }

    private mutating func list<Item>(
        _ item: (inout BigQuerySQLParser) throws(BigQueryFailure) -> Item
    ) throws(BigQueryFailure) -> [Item] {
        try expect("(")
        var items = [try item(&self)]
        while takeSymbol(",") { items.append(try item(&self)) }
        try expect(")")
        return items
    }

    // MARK: Conditions

    private mutating func condition() throws(BigQueryFailure) -> BigQueryCondition {
        var left = try conjunction()
        while take("OR") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(BigQueryFailure) -> BigQueryCondition {
        var left = try term()
        while take("AND") { left = .and(left, try term()) }
        return left
    }

    private mutating func term() throws(BigQueryFailure) -> BigQueryCondition {
        if take("NOT") { return .not(try term()) }
        if takeSymbol("(") {
            let inner = try condition()
            try expect(")")
            return inner
        }
        let left = try operand()
        if take("IS") {
            let isNegated = take("NOT")
            try expectWord("NULL")
            return .isNull(left, isNegated: isNegated)
        }
        if take("IN") {
            try expectWord("UNNEST")
            try expect("(")
            guard case .parameter(let list) = tokens.first else { throw unexpected() }
            tokens = tokens.dropFirst()
            try expect(")")
            return .isIn(left, list: list)
        }
        guard case .symbol(let relation) = tokens.first, ["=", "!=", "<>", "<", "<=", ">", ">="].contains(relation)
        else {
            throw unexpected()
        }
        tokens = tokens.dropFirst()
        return .compare(left, relation, try operand())
    }

    private mutating func operand() throws(BigQueryFailure) -> BigQueryOperand {
        switch tokens.first {
        case .parameter(let name):
            tokens = tokens.dropFirst()
            return .parameter(name)
        case .text(let text):
            tokens = tokens.dropFirst()
            return .literal(.string(text))
        case .number(let text):
            tokens = tokens.dropFirst()
            if let number = Int64(text) { return .literal(.integer(number)) }
            return .literal(BigQueryNumber(text).map { .numeric($0) } ?? .null)
        default: break
        }
        if take("NULL") { return .literal(.null) }
        if take("TRUE") { return .literal(.boolean(true)) }
        if take("FALSE") { return .literal(.boolean(false)) }
        let first = try name()
        return takeSymbol(".") ? .column(alias: first, name: try name()) : .column(alias: nil, name: first)
    }

    // MARK: Words

    /// A table's path: in one pair of backticks, or bare with dots.
    private mutating func path() throws(BigQueryFailure) -> String {
        var parts = [try name()]
        while takeSymbol(".") { parts.append(try name()) }
        return parts.joined(separator: ".")
    }

    private mutating func alias(_ path: String) throws(BigQueryFailure) -> String {
        if take("AS") { return try name() }
        return path.split(separator: ".").last.map(String.init) ?? path
    }

    private mutating func name() throws(BigQueryFailure) -> String {
        switch tokens.first {
        case .word(let name), .quoted(let name):
            tokens = tokens.dropFirst()
            return name
        default: throw unexpected()
        }
    }

    private mutating func take(_ keyword: String) -> Bool {
        guard case .word(let word) = tokens.first, word.uppercased() == keyword else { return false }
        tokens = tokens.dropFirst()
        return true
    }

    private mutating func takeSymbol(_ symbol: String) -> Bool {
        guard tokens.first == .symbol(symbol) else { return false }
        tokens = tokens.dropFirst()
        return true
    }

    private mutating func expectWord(_ keyword: String) throws(BigQueryFailure) {
        guard take(keyword) else { throw unexpected() }
    }

    private mutating func expect(_ symbols: String...) throws(BigQueryFailure) {
        for symbol in symbols {
            guard takeSymbol(symbol) else { throw unexpected() }
        }
    }

    private func unexpected() -> BigQueryFailure {
        guard let token = tokens.first else { return .query("Syntax error: Unexpected end of statement") }
        return .query("Syntax error: Unexpected \(token)")
    }
}
