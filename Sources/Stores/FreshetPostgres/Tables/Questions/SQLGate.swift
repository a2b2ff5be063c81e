import FreshetCore

/// Says whether a user's statement may be given to PostgreSQL.
///
/// It must be one `SELECT`, and call functions of a list only: what reads files, the network, settings, large objects or other
/// statements is not on it. Which relations it reads PostgreSQL itself tells, before it runs (see ``SQLQuestion``).
enum SQLGate {
    /// Looks at a statement.
    ///
    /// - Parameter sql: What the user wrote.
    /// - Returns: The statement without what follows it, such as a semicolon.
    /// - Throws: `StoreError.refused` with what is wrong.
    static func admit(_ sql: String) throws(StoreError) -> String {
        let lexer: SQLLexer
        do throws(SQLLexer.Failure) {
            lexer = try SQLLexer(sql)
        } catch {
            throw .refused("the query is refused: \(error.why)")
        }
        var words = lexer.words
        while words.last == .mark(";") { words.removeLast() }
        guard let first = words.first else { throw .refused("the query is empty; give one SELECT") }
        var begins = first
        if case .mark("(") = first { begins = words.first { $0 != .mark("(") } ?? first }
        guard case .word(let verb) = begins, ["select", "with", "values", "table"].contains(verb),
            !words.contains(.mark(";"))
        else { throw .refused("a query is one SELECT (or WITH … SELECT, VALUES); it cannot write") }
        try balance(words)
        for index in words.indices { try look(at: index, of: words) }
        let end = words.count < lexer.words.count ? lexer.places[words.count] : sql.utf8.count
        return String(decoding: sql.utf8.prefix(end), as: UTF8.self)
    }

    private static func balance(_ words: [SQLWord]) throws(StoreError) {
        var depth = 0
        for word in words {
            if word == .mark("(") { depth += 1 }
            if word == .mark(")") { depth -= 1 }
            if depth < 0 { break }
        }
        guard depth == 0 else { throw .refused("the query is refused: its parentheses do not match") }
    }

    private static func look(at index: Int, of words: [SQLWord]) throws(StoreError) {
        let name: String
        var isQuoted = false
        switch words[index] {
        case .word(let text): name = text
        case .name(let text): (name, isQuoted) = (text, true)
        default: return
        }
        let lower = name.lowercased()
        guard !isHidden(lower) else {
            throw .refused("the query may read tables and views of documents only (\(name) is none of them)")
        }
        guard index + 1 < words.count, words[index + 1] == .mark("(") else { return }
        if !isQuoted, SQLNames.keywords.contains(lower) || SQLNames.types.contains(lower) { return }
        if SQLNames.functions.contains(lower) { return }
        if !SQLNames.isReaching(lower), isColumnList(index, words) { return }
        throw .refused("the query calls \(name), which is none of the functions that a query may call")
    }

    /// Names that belong to PostgreSQL or to Freshet itself, wherever they stand.
    private static func isHidden(_ name: String) -> Bool {
        !["pg_typeof", "pg_column_size"].contains(name)
            && ["pg_", "freshet_", "information_schema"].contains { name.hasPrefix($0) }
    }

    /// Whether the parentheses behind a name hold the names of columns: `WITH n(a, b) AS`, `FROM t AS x(a, b)`.
    private static func isColumnList(_ index: Int, _ words: [SQLWord]) -> Bool {
        var at = index + 2
        while at < words.count, words[at] != .mark(")") {
            switch words[at] {
            case .word, .name, .mark(","): at += 1
            default: return false
            }
        }
        if at + 1 < words.count, words[at + 1] == .word("as") { return true }
        guard index > 0 else { return false }
        switch words[index - 1] {
        case .word(let before): return before == "as" || !SQLNames.keywords.contains(before)
        case .name, .mark(")"): return true
        default: return false
        }
    }
}
