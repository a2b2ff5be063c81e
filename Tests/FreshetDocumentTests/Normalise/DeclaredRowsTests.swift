import FreshetCore
import FreshetDocument
import Testing

@Suite struct DeclaredRowsTests {
    static let crimes = """
        {"crimes":[{"id":123,"name":"Heist","status":"Successful","executed_at":1777830000,
          "slots":[
            {"position":"Picklock","item_requirement":{"id":1430,"is_reusable":true},"user":{"id":1,"progress":100}},
            {"position":"Muscle","item_requirement":null,"user":null}],
          "rewards":{"money":42000000,"items":[{"id":1,"quantity":2},{"id":2,"quantity":1}],"respect":310}}],
         "_metadata":{"links":{"next":null}}}
        """

    static let crimeTables = [
        declared("crimes", "$.crimes[*]") { spec in
            spec.parent = [("faction_id", "{faction_id}"), ("fetched_at", "{fetched_at}")]
            spec.primaryKey = ["crime_id"]
            spec.columns = [
                ColumnSpec(name: "crime_id", path: "$.id"), ColumnSpec(name: "money", path: "$.rewards.money"),
            ]
        },
        declared("crime_slots", "$.crimes[*].slots[*]") { spec in
            spec.parent = [("crime_id", "$.crimes[*].id"), ("crime", "$.crimes[*]")]
        },
        declared("crime_reward_items", "$.crimes[*].rewards.items[*]") { spec in
            spec.parent = [("crime_id", "$.crimes[*].id"), ("respect", "$.crimes[*].rewards.respect")]
            spec.primaryKey = ["crime_id", "item_id"]
            spec.columns = [ColumnSpec(name: "item_id", path: "$.id")]
        },
    ]

    private func crimeRows(_ text: String) throws -> DocumentRows {
        try DocumentNormaliser(TablesConfig(specs: Self.crimeTables)).rows(
            of: JSONTape(text: text), key: "40832", parameters: ["faction_id": "40832"],
            fetchedAt: Timestamp(microseconds: 1_685_284_960_250_000))
    }

    @Test func `a crime with two slots and two reward items is one, two and two rows`() throws {
        let made = try crimeRows(Self.crimes)
        #expect(made.tables.map(\.name) == ["crimes", "crime_slots", "crime_reward_items"])
        #expect(made.tables.map(\.count) == [1, 2, 2])
        #expect(
            made.lines("crimes") == [
                "faction_id fetched_at crime_id name status executed_at money rewards_respect",
                "'40832' 2023-05-28T14:42:40.250Z 123 'Heist' 'Successful' 1777830000 42000000 310",
            ])
        #expect(
            made.lines("crime_slots") == [
                "_i0 crime_id crime position item_requirement_id item_requirement_is_reusable user_id user_progress",
                "0 123 0 'Picklock' 1430 true 1 100", "1 123 0 'Muscle' null null null null",
            ])
        #expect(
            made.lines("crime_reward_items") == ["crime_id respect item_id quantity", "123 310 1 2", "123 310 2 1"])
        #expect(made.tables.allSatisfy { $0.shapes.isEmpty && $0.shapeOfRow.isEmpty })
        #expect(made.table("crimes")?.columns[2].path == ["id"])
        #expect(made.table("crime_slots")?.columns[1].role == .parent)
    }

    @Test func `each row has what stands around it, not around another`() throws {
        let made = try crimeRows(
            #"{"crimes":[{"slots":[{"p":1}],"id":1},{"slots":[]},{"id":3,"slots":[{"p":2},{"p":3}]},{"slots":[{}]}]}"#)
        #expect(
            made.lines("crime_slots") == [
                "_i0 crime_id crime p", "0 1 0 1", "1 3 2 2", "2 3 2 3", "3 null 3 null",
            ])
        #expect(made.table("crimes")?.count == 4)
    }

    @Test(arguments: [#"{"crimes":[]}"#, "{}", "[]", "null", "7", #"{"crimes":null}"#])
    func `nothing selected is a table without rows`(text: String) throws {
        let made = try crimeRows(text)
        #expect(made.tables.map(\.name) == ["crimes", "crime_slots", "crime_reward_items"])
        #expect(made.tables.map(\.count) == [0, 0, 0])
    }

    @Test func `one object where a list was expected is one row, and so is a scalar`() throws {
        let one = try crimeRows(#"{"crimes":{"id":5,"slots":{"position":"x"}}}"#)
        #expect(one.lines("crimes").last == "'40832' 2023-05-28T14:42:40.250Z 5")
        #expect(one.lines("crime_slots") == ["_i0 crime_id crime position", "0 5 0 'x'"])
        let scalars = try rows(JSONTape(text: #"{"mods":[1,"a",null]}"#), declared("mods", "$.mods[*]"))
        #expect(scalars.lines("mods") == ["_i0 value", "0 1", "1 'a'", "2 null"])
        let named = declared("mods", "$.mods[*]") { $0.columns = [ColumnSpec(name: "mod", path: "$")] }
        let mods = try rows(JSONTape(text: #"{"mods":[1,2]}"#), named)
        #expect(mods.lines("mods") == ["_i0 mod", "0 1", "1 2"])
        #expect(mods.table("mods")?.columns.last?.path == [])
    }

    @Test func `the members of an object are rows where the path ends in a dot and asterisk`() throws {
        let spec = declared("members", "$.members.*") { spec in
            spec.mapKey = "member_id"
            spec.primaryKey = ["member_id"]
            spec.parent = [("faction", "$.id")]
        }
        let text = #"{"id":9,"members":{"77":{"name":"A","life":{"max":5}},"7\u0038":{"name":"B"},"77":{"name":"C"}}}"#
        let made = try rows(JSONTape(text: text), spec)
        #expect(made.lines("members") == ["member_id faction name", "'78' 9 'B'", "'77' 9 'C'"])
        #expect(made.table("members")?.columns.map(\.role) == [.mapKey, .parent, .value])
        let medals = declared("medals", "$.members.*.medals[*]") {
            $0.parent = [("member_id", "$.members.*"), ("name", "$.members.*.name")]
        }
        let nested = try rows(JSONTape(text: #"{"members":{"5":{"name":"N","medals":["x"]}}}"#), medals)
        #expect(nested.lines("medals") == ["_i0 member_id name value", "0 '5' 'N' 'x'"])
    }

    @Test func `an array in a row is a child table with the key of its row`() throws {
        let spec = declared("clans", "$") { spec in
            spec.primaryKey = ["tag"]
            spec.columns = [ColumnSpec(name: "tag", path: "$.clanTag")]
        }
        let text = #"{"list":[{"n":1,"in":[true]},{"n":2}],"clanTag":"X","grid":[[1]]}"#
        let made = try rows(JSONTape(text: text), spec)
        #expect(made.lines("clans") == ["tag", "'X'"])
        #expect(made.lines("clans__list") == ["_parent_tag _i1 n", "'X' 0 1", "'X' 1 2"])
        #expect(made.lines("clans__list__in") == ["_parent_tag _i1 _i2 value", "'X' 0 0 true"])
        #expect(made.lines("clans__grid__list") == ["_parent_tag _i1 _i2 value", "'X' 0 0 1"])
        #expect(made.table("clans__list__in")?.columns.map(\.kinds) == [.text, .integer, .integer, .boolean])
        #expect(
            made.table("clans__list")?.columns.map(\.role) == [.parent, .index(level: 1), .value])
    }

    @Test func `without a key the row's place is what children copy`() throws {
        let made = try rows(JSONTape(text: #"[{"a":[1]},{"a":[2,3]}]"#), declared("t", "$[*]"))
        #expect(made.lines("t") == ["_i0", "0", "1"])
        #expect(made.lines("t__a") == ["_i0 _i1 value", "0 0 1", "1 0 2", "1 1 3"])
        let single = try rows(JSONTape(text: #"{"a":[1]}"#), declared("t", "$"))
        #expect(single.lines("t__a") == ["_i1 value", "0 1"])
        let list = try rows(JSONTape(text: #"[{"a":1},{"a":2}]"#), declared("t", "$"))
        #expect(list.lines("t") == ["_i0 a", "0 1", "1 2"])
    }

    @Test func `arrays are kept as JSON or left out where that is asked for`() throws {
        let text = #"{"id":1,"list":[1, {"a":2}],"none":[],"sub":{"deep":["x"]}}"#
        let kept = try rows(JSONTape(text: text), declared("t", "$") { $0.nested = .json })
        #expect(kept.lines("t") == ["id list sub_deep", #"1 [1, {"a":2}] ["x"]"#])
        #expect(kept.table("t")?.columns[1].kinds == .json)
        #expect(kept.tables.count == 1)
        let ignored = try rows(JSONTape(text: text), declared("t", "$") { $0.nested = .ignore })
        #expect(ignored.lines("t") == ["id", "1"])
        #expect(ignored.tables.count == 1)
    }

    @Test func `excluded members have neither column nor table, at any depth`() throws {
        let text = #"{"id":1,"secret":{"a":1},"keep":{"a":2,"b":3},"list":[{"x":1,"note":"n"}],"other":[1]}"#
        let spec = declared("t", "$") { $0.exclude = ["$.secret", "$.keep.b", "$.list[*].note", "$.other"] }
        let made = try rows(JSONTape(text: text), spec)
        #expect(made.lines("t") == ["id keep_a", "1 2"])
        #expect(made.lines("t__list") == ["_i1 x", "0 1"])
        #expect(made.tables.count == 2)
        let everywhere = try rows(JSONTape(text: text), declared("t", "$") { $0.exclude = ["$..a", "$.list[*]"] })
        #expect(everywhere.lines("t") == ["id keep_b", "1 3"])
        #expect(everywhere.tables.map(\.name) == ["t", "t__other"])
    }

    @Test func `a declared column takes what its path selects`() throws {
        let text = #"{"a":{"b":1},"list":[5,6],"raw":{"x":[1]},"first":"plain"}"#
        let spec = declared("t", "$") { spec in
            spec.columns = [
                ColumnSpec(name: "ab", path: "$.a.b"), ColumnSpec(name: "first", path: "$.list[0]"),
                ColumnSpec(name: "raw", type: .json), ColumnSpec(name: "gone", path: "$.gone[-1]"),
            ]
            spec.exclude = ["$.list"]
        }
        let made = try rows(JSONTape(text: text), spec)
        #expect(made.lines("t") == ["ab raw first_2 first", #"1 {"x":[1]} 'plain' 5"#])
        #expect(
            made.table("t")?.columns.map(\.path) == [
                ["a", "b"], ["raw"], ["first"], ["<$.list[0]>"],
            ])
    }

    @Test func `what another table takes is left to it`() throws {
        let people = declared("people", "$.people.*") { $0.mapKey = "name" }
        let text = #"{"people":{"A":{"age":1,"pets":["p"]}},"size":1,"tags":["x"]}"#
        let made = try rows(JSONTape(text: text), declared("t", "$"), people, declared("tags", "$.tags"))
        #expect(made.tables.map(\.name) == ["t", "people", "tags", "people__pets"])
        #expect(made.lines("t") == ["size", "1"])
        #expect(made.lines("people") == ["_i0 name age", "0 'A' 1"])
        #expect(made.lines("tags") == ["_i0 value", "0 'x'"])
    }

    @Test func `rows are found at every depth where the path says so`() throws {
        let text = #"{"a":{"item":{"id":1}},"item":{"id":2,"item":{"id":3}},"key":"K"}"#
        let spec = declared("t", "$..item") {
            $0.parent = [("key", "$.key")]
            $0.exclude = ["$.item"]
        }
        #expect(try rows(JSONTape(text: text), spec).lines("t") == ["_i0 key id", "0 'K' 1", "1 'K' 2", "2 'K' 3"])
    }

    @Test(arguments: [
        (declared("t", "crimes"), "rows"), (declared("t", "$..a..b"), "rows"),
        (declared("t", "$.a[*]") { $0.parent = [("x", "$.b[*].c")] }, "parent.x"),
        (declared("t", "$.a[*]") { $0.parent = [("x", "b")] }, "parent.x"),
        (declared("t", "$") { $0.columns = [ColumnSpec(name: "c", path: "$.a[*]")] }, "columns.c"),
        (declared("t", "$") { $0.exclude = ["$.a", "$"] }, "exclude[1]"),
        (declared("t", "$") { $0.exclude = ["$.a[0]"] }, "exclude[0]"),
    ])
    func `a path that cannot be followed is refused with its table and field`(spec: TableSpec, field: String) throws {
        let error = #expect(throws: NormaliserError.self) { try DocumentNormaliser(TablesConfig(specs: [spec])) }
        #expect(error?.table == "t")
        #expect(error?.field == field)
        #expect(error?.description.hasPrefix("Table \"t\", \(field): ") == true)
    }

    @Test func `declared rows of arbitrary documents are made without fail`() throws {
        for seed in 0..<300 {
            var generator = SplitMix(UInt64(seed))
            let text = RebuildTests.document(&generator, depth: 6)
            let tape = try JSONTape(text: text)
            let made = try rows(
                tape, declared("a", "$"), declared("b", "$[*]") { $0.nested = .json },
                declared("c", "$.a[*].b.*") { $0.parent = [("p", "$.a[*].a"), ("q", "$.a[*].b.*")] },
                declared("d", "$..value") { $0.primaryKey = ["a"] })
            for table in made.tables {
                #expect(table.cells.count == table.count * table.columns.count)
                #expect(Set(table.columns.map(\.path)).count == table.columns.count)
            }
        }
    }
}
