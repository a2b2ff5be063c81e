import FreshetCore
import FreshetDocument
import Testing

@Suite struct AutoRowsTests {
    @Test func `an object is one row, nested objects are columns, arrays are tables`() throws {
        let tape = try JSONTape(
            text: """
                {"tag":"#2PP","clanLevel":12,"badge":{"urls":{"small":"s"}},"open":true,"ratio":0.50,
                 "memberList":[{"name":"A","roles":["x","y"]},{"name":"B","roles":[]},{"name":"C","level":3}],
                 "at":"2023-05-28T14:42:40Z","day":"2023-05-28","none":null}
                """)
        let made = try autoRows(tape, name: "clans")
        #expect(made.tables.map(\.name) == ["clans", "clans__member_list", "clans__member_list__roles"])
        #expect(
            made.lines("clans") == [
                "tag clan_level badge_urls_small open ratio at day",
                "'#2PP' 12 's' true 0.50 '2023-05-28T14:42:40Z' '2023-05-28'",
            ])
        #expect(made.lines("clans__member_list") == ["_i1 name level", "0 'A' null", "1 'B' null", "2 'C' 3"])
        #expect(made.lines("clans__member_list__roles") == ["_i1 _i2 value", "0 0 'x'", "0 1 'y'"])
        let kinds = try #require(made.table("clans")).columns.map(\.kinds)
        #expect(kinds == [.text, .integer, .text, .boolean, .number, .timestamp, .date])
        #expect(
            made.shapes("clans") == [
                #"{"tag":"s","clanLevel":"n","badge":{"urls":{"small":"s"}},"open":"b","ratio":"n","#
                    + #""memberList":["a"],"at":"t:T0Z","day":"d","none":null}"#
            ])
        #expect(
            made.shapes("clans__member_list") == [
                #"{"name":"s","roles":["a"]}"#, #"{"name":"s","roles":[]}"#, #"{"name":"s","level":"n"}"#,
            ])
        #expect(
            made.tables.map(\.path) == [
                ["clans"], ["clans", "memberList", "[]"], ["clans", "memberList", "[]", "roles", "[]"],
            ])
    }

    @Test func `an array is a row for each element, with its place`() throws {
        let made = try autoRows(try JSONTape(text: #"[{"a":[7]},2,[3,[4]],null]"#))
        #expect(made.lines("t") == ["_i0 value", "0 null", "1 2", "2 null", "3 null"])
        #expect(made.lines("t__a") == ["_i0 _i1 value", "0 0 7"])
        #expect(made.lines("t__list") == ["_i0 _i1 value", "2 0 3", "2 1 null"])
        #expect(made.lines("t__list__list") == ["_i0 _i1 _i2 value", "2 1 0 4"])
        #expect(made.table("t")?.columns.map(\.role) == [.index(level: 0), .value])
    }

    @Test func `an object of more than 200 members is a map`() throws {
        func object(_ count: Int) -> String {
            "{" + (0..<count).map { #""\#($0 + 5)":{"n":\#($0)}"# }.joined(separator: ",") + "}"
        }
        let map = try autoRows(try JSONTape(text: #"{"by":\#(object(201))}"#))
        #expect(map.lines("t__by").prefix(3) == ["_i1 _map_key n", "0 '5' 0", "1 '6' 1"])
        #expect(map.table("t__by")?.columns[1].role == .mapKey)
        #expect(map.shapes("t") == [#"{"by":{"*":"m"}}"#])
        let columns = try autoRows(try JSONTape(text: #"{"by":\#(object(200))}"#))
        #expect(columns.tables.map(\.name) == ["t"])
        #expect(columns.table("t")?.columns.count == 200)
        #expect(columns.table("t")?.columns.first?.name == "by_5_n")
    }

    @Test func `of repeated members the last counts, its child rows included`() throws {
        let made = try autoRows(try JSONTape(text: #"{"a":[1,2],"b":1,"a":[3],"\u0062":2}"#))
        #expect(made.lines("t") == ["b", "2"])
        #expect(made.lines("t__a") == ["_i1 value", "0 3"])
    }

    @Test func `equal shapes are kept once`() throws {
        let items = (0..<100).map { $0 % 2 == 0 ? #"{"a":1,"b":"x"}"# : #"{"a":1}"# }.joined(separator: ",")
        let table = try #require(try autoRows(try JSONTape(text: "[\(items)]")).table("t"))
        #expect(table.shapes.count == 2)
        #expect(table.shapeOfRow.prefix(4) == [0, 1, 0, 1])
    }

    @Test func `texts with escapes lie in the scratch buffer, others in the document`() throws {
        let made = try autoRows(try JSONTape(text: #"{"a":"x\ny","b":"z"}"#))
        let cells = try #require(made.table("t")).cells
        #expect(cells.map(\.extra) == [1, 0])
        #expect(cells.map { made.text(of: $0) } == ["x\ny", "z"])
    }

    @Test func `numbers keep their text where 64 bits do not hold them`() throws {
        let text = #"[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,-0,1.0,1e2]"#
        let made = try autoRows(try JSONTape(text: text))
        let kinds = try #require(made.table("t")).cells.enumerated().filter { $0.offset % 2 == 1 }.map(\.element.kind)
        #expect(kinds == [.integer, .number, .integer, .number, .number, .number, .number])
    }

    @Test func `the array of an object and that of rows are different tables`() throws {
        let made = try autoRows(try JSONTape(text: #"[{"a":{"b":[1]}},{"a":[{"b":[2]}]}]"#))
        let paths = made.tables.map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(paths.contains(["t", "a", "b", "[]"]))
        #expect(paths.contains(["t", "a", "[]", "b", "[]"]))
    }

    @Test func `names that Swift holds to be equal have different paths`() throws {
        let made = try autoRows(try JSONTape(text: "{\"é\":1,\"e\u{301}\":2,\"\u{212B}\":3,\"\u{C5}\":4,\"<_i1>\":5}"))
        let paths = try #require(made.table("t")).columns.map(\.path)
        #expect(paths == [["é"], ["e\\u{301}"], ["\\u{212b}"], ["\u{C5}"], ["\\<_i1>"]])
        #expect(Set(paths).count == 5)
    }

    @Test func `names are cut to 63 bytes and stay different`() throws {
        let long = String(repeating: "long", count: 30)
        let made = try autoRows(try JSONTape(text: #"{"\#(long)a":1,"\#(long)b":2,"\#(long)":[{"x":1}]}"#))
        let names = try #require(made.table("t")).columns.map(\.name) + made.tables.map(\.name)
        #expect(names.allSatisfy { $0.utf8.count <= 63 })
        #expect(Set(names).count == names.count)
    }

    /// What dlt's `snake_case` convention gives for the same names.
    @Test(arguments: [
        ("memberList", "member_list"), ("HTTPServer", "http_server"), ("clan-Tag", "clan_tag"), ("a.b", "a_b"),
        ("a__b", "a_b"), ("trailing_", "trailingx"), ("trailing__", "trailingxx"), ("123abc", "_123abc"),
        (" spaced name ", "spaced_name"), ("@id", "aid"), ("a+b*c|d", "axbxcld"), ("$ref", "_ref"), ("", "_empty"),
        ("日本", "x"), ("été", "_tx"), ("IDs", "i_ds"), ("userID", "user_id"), ("A", "a"), ("_private", "_private"),
        ("x1Y2Z", "x1_y2_z"), ("ABCDef", "abc_def"), ("aBCd", "a_b_cd"), ("_", "x"), ("-", "x"),
    ])
    func `column names follow dlt's convention`(name: String, column: String) throws {
        let made = try autoRows(try JSONTape(text: "{\(JSONEscape.quoted(name)):1}"))
        #expect(made.table("t")?.columns.map(\.name) == [column])
    }
}
