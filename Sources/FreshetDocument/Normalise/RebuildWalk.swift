import FreshetCore

/// Writes a document by following the shapes of its rows.
///
/// Rows come in the order of their indexes, and so do the arrays that they belong to: each table is read once from its
/// first row to its last.
struct RebuildWalk {
    /// What is still to be written.
    private enum Task {
        /// The value of a shape, in a row.
        case value(shape: JSONTape, index: Int, table: Int, row: Int, path: [String])
        /// The members of an object of a shape from a key on.
        case members(shape: JSONTape, next: Int, end: Int, table: Int, row: Int, path: [String])
        /// The rows of a table whose indexes begin like this, from the table's next row on.
        case rows(table: Int, parent: [Int64], isMap: Bool)
    }

    private let tables: [RebuildTable]
    private let byPath: [[String]: Int]
    private var nextRow: [Int]
    private var tasks: [Task] = []
    private var json = JSONWriter(reserving: 4_096)
    private var shapes: [[UInt8]: JSONTape] = [:]

    init(tables: [RebuildTable], byPath: [[String]: Int]) {
        (self.tables, self.byPath) = (tables, byPath)
        nextRow = Array(repeating: 0, count: tables.count)
    }

    mutating func document(root: Int) throws(RebuildError) -> [UInt8] {
        let isArray = tables[root].indexes.allSatisfy { !$0.isEmpty }
        if isArray {
            json.beginArray()
            tasks.append(.rows(table: root, parent: [], isMap: false))
        } else {
            guard tables[root].rows.count == 1 else { throw fault(root, "there are several rows and no index") }
            try pushRow(0, of: root)
            nextRow[root] = 1
        }
        while let task = tasks.popLast() { try go(on: task) }
        if let table = tables.indices.first(where: { nextRow[$0] < tables[$0].rows.count }) {
            throw fault(table, "row \(nextRow[table]) belongs to no row above")
        }
        return json.bytes
    }

    private func fault(_ table: Int, _ reason: String) -> RebuildError {
        RebuildError(table: tables[table].path, reason: reason)
    }

    // MARK: Rows

    private mutating func pushRow(_ row: Int, of table: Int) throws(RebuildError) {
        let text = tables[table].shapes[row]
        let shape: JSONTape
        if let known = shapes[text] {
            shape = known
        } else {
            do {
                shape = try JSONTape(text)
            } catch {
                throw fault(table, "the shape of row \(row) is not JSON")
            }
            shapes[text] = shape
        }
        tasks.append(.value(shape: shape, index: 0, table: table, row: row, path: []))
    }

    private mutating func go(on task: Task) throws(RebuildError) {
        switch task {
        case .value(let shape, let index, let table, let row, let path):
            try write(JSONValue(tape: shape, index: index), table: table, row: row, path: path)
        case .members(let shape, let next, let end, let table, let row, let path):
            guard next < end else { return json.endObject() }
            let name = JSONValue(tape: shape, index: next).string ?? ""
            let after = shape.next(after: next + 1)
            tasks.append(.members(shape: shape, next: after, end: end, table: table, row: row, path: path))
            json.key(name)
            let value = JSONValue(tape: shape, index: next + 1)
            try write(value, table: table, row: row, path: path + [PathName.part(name)])
        case .rows(let table, let parent, let isMap):
            let row = nextRow[table]
            guard row < tables[table].rows.count, tables[table].indexes[row].starts(with: parent) else {
                if isMap { json.endObject() } else { json.endArray() }
                return
            }
            nextRow[table] += 1
            tasks.append(task)
            if isMap { json.key(try mapKey(of: row, in: table)) }
            try pushRow(row, of: table)
        }
    }

    private func mapKey(of row: Int, in table: Int) throws(RebuildError) -> String {
        guard let column = tables[table].mapKey, case .text(let text) = tables[table].rows[row][column] else {
            throw fault(table, "row \(row) has no member name")
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Values

    private mutating func write(
        _ shape: JSONValue, table: Int, row: Int, path: [String]
    ) throws(RebuildError) {
        switch shape.kind {
        case .null: json.null()
        case .array where shape.count == 0: json.raw("[]".utf8)
        case .array: try pushChild(of: table, row: row, path: path + [PathName.elements], isMap: false)
        case .object where shape.count == 0: json.raw("{}".utf8)
        case .object where shape.count == 1 && shape["*"]?.isString("m") == true:
            try pushChild(of: table, row: row, path: path + [PathName.members], isMap: true)
        case .object:
            json.beginObject()
            let end = shape.tape.words[shape.index + 1].endOnTape
            tasks.append(
                .members(shape: shape.tape, next: shape.index + 2, end: end, table: table, row: row, path: path))
        case .string:
            try writeLeaf(shape.string ?? "", table: table, row: row, path: path.isEmpty ? ["value"] : path)
        case .number, .bool: throw fault(table, "the shape of row \(row) has an unknown code")
        }
    }

    private mutating func pushChild(
        of table: Int, row: Int, path: [String], isMap: Bool
    ) throws(RebuildError) {
        guard let child = byPath[tables[table].path + path] else {
            throw fault(table, "row \(row) has children in a table that is not there")
        }
        if isMap { json.beginObject() } else { json.beginArray() }
        tasks.append(.rows(table: child, parent: tables[table].indexes[row], isMap: isMap))
    }

    private mutating func writeLeaf(
        _ code: String, table: Int, row: Int, path: [String]
    ) throws(RebuildError) {
        let values = tables[table].rows[row]
        let column = tables[table].columns[path]?.first { values[$0] != .null }
        guard let column, let text = Self.text(values[column], code: code) else {
            throw fault(table, "row \(row) has no value of kind \(code) in the column of \(path)")
        }
        if code == "n" || code == "b" { json.raw(text) } else { json.string(String(decoding: text, as: UTF8.self)) }
    }

    /// The JSON of a number or boolean, or the content of a text.
    private static func text(_ value: StoredTable.Value, code: String) -> [UInt8]? {
        switch (code, value) {
        case ("n", .integer(let number)), ("s", .integer(let number)): Array(String(number).utf8)
        case ("n", .float(let number)), ("s", .float(let number)): Array("\(number)".utf8)
        case ("n", .text(let text)), ("s", .text(let text)): text
        case ("b", .integer(let bit)): Array((bit == 0 ? "false" : "true").utf8)
        case ("b", .text(let text)): text
        case ("d", .integer(let days)): Array(TimeText.printDate(days: days).utf8)
        case ("d", .text(let text)): Array(text.prefix(10))
        case (_, .text(let text)) where code.hasPrefix("t:"): moment(text, code: code)
        default: nil
        }
    }

    private static func moment(_ text: [UInt8], code: String) -> [UInt8]? {
        guard let form = TimeForm(code: code.dropFirst(2)), let moment = TimeText.parse(text, format: .iso) else {
            return nil
        }
        return Array(form.print(seconds: moment.seconds, nanoseconds: moment.nanoseconds).utf8)
    }
}
