import FreshetCore
import FreshetTesting

/// Random documents of a kind, whose fields come, go and change their types.
struct DocumentMaker {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    private mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// Specifications of every disposition, declared and automatic.
    mutating func specs() -> [TableSpec] {
        guard below(3) > 0 else {
            var spec = TableSpec(name: "things", rows: .auto)
            spec.disposition = pick([.replace, .merge])
            return [spec]
        }
        var spec = TableSpec(name: "things", rows: .path("$.list[*]"))
        spec.disposition = pick([.append, .replace, .merge])
        if spec.disposition != .append { spec.primaryKey = pick([["id"], ["id", "kind"]]) }
        spec.keepsHistory = below(2) == 0
        spec.isComplete = below(3) > 0
        spec.idempotency = pick([.content, .fetch, .columns(["id"])])
        spec.nested = pick([.rows, .json])
        spec.contract.types = pick([.evolve, .evolve, .discardRow, .discardValue])
        spec.contract.columns = pick([.evolve, .evolve, .discardValue])
        if below(2) == 0 { spec.indexes = [["kind"]] }
        if below(2) == 0 { spec.checks = [RowCheck(column: "id", relation: .less, values: [.number("9")])] }
        return [spec]
    }

    mutating func document(_ round: Int) -> String {
        let count = pick([0, 3, 8, 8, 8, 250])
        let rows = (0..<count).map { index in row(count > 100 ? index : below(12), round) }
        return "{\"list\":[\(rows.joined(separator: ","))],\"note\":\(value()),\"round\":\(round)}"
    }

    private mutating func row(_ id: Int, _ round: Int) -> String {
        var members = ["\"id\":\(id)", "\"kind\":\"\(pick(["a", "b", "É", "Z"]))\""]
        for name in ["n", "x", "t", "at", "day", "ok", "any"] where below(4) > 0 { members.append(member(name)) }
        if round > 5, below(3) == 0 { members.append("\"later_\(below(3))\":\(value())") }
        if below(3) == 0 {
            let inner = (0..<below(4)).map { _ in "{\"v\":\(number()),\"w\":\(text())}" }
            members.append("\"slots\":[\(inner.joined(separator: ","))]")
        }
        if below(5) == 0 { members.append("\"deep\":{\"a\":\(value()),\"b\":[\(number()),\(number())]}") }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func member(_ name: String) -> String {
        let value =
            switch name {
            case "n": below(40) == 0 ? text() : "\(below(2_000) - 1_000)"
            case "x": number()
            case "t": text()
            case "at": moment()
            case "day": pick(["\"2023-05-28\"", "\"1999-12-31\"", "\"2024-02-29\"", "null"])
            case "ok": pick(["true", "false", "null"])
            default: self.value()
            }
        return "\"\(name)\":\(value)"
    }

    private mutating func value() -> String { pick([number(), text(), moment(), "true", "null", "[]", "{}"]) }

    private mutating func number() -> String {
        pick([
            "\(below(100))", "-\(below(100))", "0.1", "84.0", "1.50", "1e10", "1e-7", "123456789.123456789123",
            "12345678901234567890", "9007199254740993", "-0.0", "1e400", "2.5e-320", "9223372036854775807",
            "9223372036854775808", "-9223372036854775808", "\(below(1000)).\(below(1000))",
        ])
    }

    private mutating func text() -> String {
        "\""
            + pick([
                "", "a", "A", "b", "é", "ß", "%", "_", "a_b", "it's", "\\\"q\\\"", "\\\\", "\\u0000", "x\\u0000y",
                "\\u0001x", "\\u0001", "😀", "1", "1.5", "true", " space ", "line\\nbreak", "\\t", "zz",
            ]) + "\""
    }

    private mutating func moment() -> String {
        "\""
            + pick([
                "2023-05-28T14:42:40Z", "2023-05-28T14:42:40.250Z", "2023-05-28T14:42:40.123456Z",
                "2023-05-28T16:42:40+02:00", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59Z",
                below(20) == 0 ? "2023-05-28T14:42:40.123456789Z" : "2023-05-28T14:42:41Z",
            ]) + "\""
    }

    /// A value to filter by.
    mutating func filter(_ type: ColumnType, _ relation: TableQuery.Relation) -> String {
        if relation == .isNull { return pick(["true", "false"]) }
        if relation == .like { return pick(["%a%", "A", "a_b", "%É%", "\\%", "z%"]) }
        switch type {
        case .integer, .decimal, .float:
            return pick(["0", "5", "-1.5", "0.1", "84", "1e10", "12345678901234567890", "123456789.1234567891", "none"])
        case .boolean: return pick(["true", "0", "maybe"])
        case .timestamp:
            return pick(["2023-05-28T14:42:40Z", "2023-05-28T14:42:40.1234567Z", "2023-05-28", "1960-01-01", "never"])
        case .date: return pick(["2023-05-28", "1970-01-01", "2000"])
        case .text, .json: return pick(["a", "A", "É", "", "zz", "b", "x\0y"])
        }
    }
}
