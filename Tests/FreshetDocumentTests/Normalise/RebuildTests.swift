import FreshetCore
import FreshetDocument
import Testing

@Suite struct RebuildTests {
    /// Names that collide as column names, as paths, or as Swift strings.
    static let names = [
        "a", "b", "a.b", "a_b", "a__b", "A_B", "aB", "", " ", "_", "value", "list", "<_i1>", "<_map_key>", "[]", "{}",
        "*",
        "é", "e\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "日本", "1", "01", "\\", "\\u{301}", "\u{0}", "quo\"te", "_i1",
        "_shape", "\u{1100}\u{1161}", "\u{AC00}", "x\u{323}\u{307}", "x\u{307}\u{323}",
    ]

    static let scalars = [
        "null", "true", "false", "0", "-0", "1", "-1", "1.0", "1e3", "-0.0", "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808", "123456789012345678901234567890", "0.1", "1E400", "5e-324", #""""#, #""s""#, #""m""#,
        #""1""#, #""null""#, #""2023-05-28""#, #""2023-02-30""#, #""2023-05-28T14:42:40.250Z""#, #""2023-05-28 14:42""#,
        #""20230528T144240.000Z""#, #""2023-05-28T14:42:40+02:00""#, #""2023-05-28T14:42:40-00:00""#,
        #""2023-05-28T14:42:40.Z""#, #""2023-05-28T14:42\u005a""#, #""line\nbreak""#, #""\ud83d\ude00""#,
    ]

    static func document(_ generator: inout SplitMix, depth: Int) -> String {
        switch generator.below(depth > 0 ? 10 : 5) {
        case 0...4: return scalars[generator.below(scalars.count)]
        case 5...6:
            return "["
                + (0..<generator.below(5)).map { _ in document(&generator, depth: depth - 1) }
                .joined(separator: ",") + "]"
        default:
            // Now and then more members than columns are made of, and now and then a name twice.
            let count = generator.chance(60) ? 190 + generator.below(30) : generator.below(7)
            let members = (0..<count).map { index in
                let name = count < 100 || generator.chance(4) ? names[generator.below(names.count)] : "m\(index)"
                return JSONEscape.quoted(name) + ":" + document(&generator, depth: count < 100 ? depth - 1 : 0)
            }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    @Test(arguments: 0..<40)
    func `arbitrary documents come back equal`(seed: UInt64) throws {
        var generator = SplitMix(seed &* 7_919 &+ 1)
        for _ in 0..<100 {
            let text = Self.document(&generator, depth: generator.below(9))
            let difference = try differenceAfterRebuild(try JSONTape(text: text))
            #expect(difference == nil, "\(text.prefix(2_000))")
        }
    }

    @Test func `recorded documents come back equal`() throws {
        for (name, bytes) in Recordings.bodies() {
            guard let tape = try? JSONTape(bytes) else { continue }
            let difference = try differenceAfterRebuild(tape)
            #expect(difference == nil, "\(name)")
        }
    }

    @Test(arguments: [50, 500])
    func `documents of many levels come back equal`(depth: Int) throws {
        let shapes = [
            (#"[1,"#, ",2]"), (#"{"a":"#, "}"), (#"{"a":[{"b":"#, #"},1]}"#), (#"[[],"#, ",{}]"),
        ]
        for (open, close) in shapes {
            let levels = open.hasPrefix(#"{"a":["#) ? depth / 3 : depth
            let text = String(repeating: open, count: levels) + "7" + String(repeating: close, count: levels)
            let tape = try JSONTape(text: text)
            let difference = try differenceAfterRebuild(tape)
            #expect(difference == nil)
        }
    }

    @Test func `ten thousand items of changing kinds come back equal`() throws {
        let items = (0..<10_000).map { index in
            switch index % 6 {
            case 0: #"{"id":\#(index),"x":{"y":1}}"#
            case 1: #"{"id":"\#(index)","x":[1,{"y":[]}]}"#
            case 2: #"[{"id":null},[\#(index)]]"#
            case 3: "\(index)"
            case 4: #"{"x":{"y":{"z":[]}},"id":true}"#
            default: "{}"
            }
        }
        let tape = try JSONTape(text: "[" + items.joined(separator: ",") + "]")
        let difference = try differenceAfterRebuild(tape)
        #expect(difference == nil)
        let made = try autoRows(tape)
        #expect(made.table("t")?.count == 10_000)
        #expect(made.table("t__list")?.count == 2 * 1_666 + 2)
    }

    @Test func `rows whose members are never the same do not make endless columns`() throws {
        let items = (0..<5_000).map { #"{"k\#($0)":\#($0),"id":1}"# }
        let tape = try JSONTape(text: #"{"items":["# + items.joined(separator: ",") + "]}")
        let made = try autoRows(tape)
        let table = try #require(made.table("t__items"))
        #expect(table.count == 5_000)
        #expect(table.columns.count <= DocumentNormaliser.memberLimit + 2)
        let difference = try differenceAfterRebuild(tape)
        #expect(difference == nil)
    }

    @Test(arguments: ["[]", "{}", "null", "1", #""""#, "[[]]", "[null]", "[{}]", "[[[]],{},[]]"])
    func `nothing, empty and null are told apart`(text: String) throws {
        let rebuilt = try DocumentRebuilder(autoRows(try JSONTape(text: text))).document()
        #expect(String(decoding: rebuilt, as: UTF8.self) == text)
    }

    @Test func `stored forms of values are read back`() throws {
        let table = StoredTable(
            path: ["t"], columns: [["at"], ["n"], ["n"], ["b"], ["d"]],
            rows: [
                [
                    .text(Array("2023-05-28T14:42:40.250000Z".utf8)), .null, .text(Array("1.50".utf8)),
                    .text(Array("true".utf8)), .integer(19_505),
                ]
            ], shapes: [Array(#"{"at":"t:_3+02:00","n":"n","b":"b","d":"d"}"#.utf8)])
        let text = String(decoding: try DocumentRebuilder([table]).document(), as: UTF8.self)
        #expect(text == #"{"at":"2023-05-28 16:42:40.250+02:00","n":1.50,"b":true,"d":"2023-05-28"}"#)
    }

    @Test func `rows that make no document are refused`() throws {
        let shape = Array(#"{"a":["a"]}"#.utf8)
        #expect(throws: RebuildError.self) {
            try DocumentRebuilder([StoredTable(path: ["t"], columns: [], rows: [[]], shapes: [shape])]).document()
        }
        #expect(throws: RebuildError.self) {
            try DocumentRebuilder([
                StoredTable(path: ["t"], columns: [], rows: [[]], shapes: [Array(#"{"a":"s"}"#.utf8)])
            ]).document()
        }
        #expect(throws: RebuildError.self) { try DocumentRebuilder([]).document() }
        let orphan = StoredTable(
            path: ["t", "a", "[]"], columns: [["<_i1>"], ["value"]], rows: [[.integer(0), .integer(1)]],
            shapes: [Array(#""n""#.utf8)])
        let root = StoredTable(path: ["t"], columns: [], rows: [[]], shapes: [Array("{}".utf8)])
        #expect(throws: RebuildError.self) { try DocumentRebuilder([root, orphan]).document() }
    }
}
