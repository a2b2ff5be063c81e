import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct TableConfigTests {
    private func tables(_ text: String) throws -> [TableSpec] {
        let loaded = try ConfigFixture(yaml: ConfigFixture.file(dataset: "tables: \(text)")).load()
        return loaded.configuration.datasets[0].tables?.specs ?? []
    }

    private func problems(_ text: String) -> [String] {
        ConfigFixture(yaml: ConfigFixture.file(dataset: "tables: \(text)")).problems()
    }

    @Test func `a primary key means merge, and none means append`() throws {
        let specs = try tables(
            """
            { clans: { rows: "$", primary_key: [tag] }, log: { rows: "$" }, \
            clan_members: { rows: "$.memberList[*]", parent: { clan_tag: "$.tag" }, primary_key: [clan_tag, tag], \
            write_disposition: replace } }
            """)
        #expect(specs.map(\.name) == ["clans", "log", "clan_members"])
        #expect(specs.map(\.disposition) == [.merge, .append, .replace])
        #expect(specs[2].rows == .path("$.memberList[*]"))
        #expect(specs[2].parent.map(\.name) == ["clan_tag"])
        #expect(specs[2].primaryKey == ["clan_tag", "tag"])
    }

    @Test func `auto is one table named after the dataset, replaced by default`() throws {
        let specs = try tables("auto")
        #expect(specs.map(\.name) == ["clash_clan"])
        #expect(specs[0].rows == .auto)
        #expect(specs[0].disposition == .replace)
    }

    @Test func `columns, contracts, checks and absence are read`() throws {
        let spec = try tables(
            """
            { t: { rows: "$", absent: ["", "?", 0, "None"], schema_contract: { columns: freeze }, \
            columns: { at: { path: "$.created_at", type: timestamp, format: unix_seconds, required: true }, \
            money: { type: decimal, precision: "38,9" }, who: "$.user.name" }, \
            checks: [ "level >= 1", "state in (open, 'closed')" ], indexes: [level, [state, level]], history: rows } }
            """)[0]
        #expect(spec.absent == ["", "?", "0", "None"])
        #expect(spec.contract.columns == .freeze && spec.contract.types == .evolve)
        #expect(spec.columns.map(\.name) == ["at", "money", "who"])
        #expect(spec.columns[0].format == .unixSeconds && spec.columns[0].isRequired)
        #expect(spec.columns[1].path == "$.money" && spec.columns[1].precision?.scale == 9)
        #expect(spec.columns[2].path == "$.user.name")
        #expect(spec.checks[0] == RowCheck(column: "level", relation: .greaterOrEqual, values: [.number("1")]))
        #expect(
            spec.checks[1] == RowCheck(column: "state", relation: .oneOf, values: [.text("open"), .text("closed")]))
        #expect(spec.indexes == [["level"], ["state", "level"]])
        #expect(spec.keepsHistory)
    }

    @Test func `what is printed loads to the same tables`() throws {
        let text =
            "{ t: { rows: \"$.a[*]\", primary_key: [id], max_deletes: 20%, complete: false, checks: [ \"id > 0\" ] } }"
        let first = try ConfigFixture(yaml: ConfigFixture.file(dataset: "tables: \(text)")).load()
        let second = try ConfigFixture(yaml: ConfigPrinter.yaml(first.configuration)).load()
        #expect(first.configuration.datasets[0].tables == second.configuration.datasets[0].tables)
    }

    @Test(
        arguments: [
            ("{ events_: { rows: \"$.a[\" } }", "rows"),
            ("{ freshet_x: { rows: \"$\" } }", "belongs to the store"),
            ("{ t: { rows: \"$\", write_disposition: merge } }", "merge needs a primary_key"),
            ("{ t: { rows: \"$\", parent: { tag: \"{tga}\" } } }", "did you mean \"tag\"?"),
            ("{ t: { rows: \"$\", checks: [ \"level\" ] } }", "is not a condition"),
            ("{ t: { rows: \"$\", destinations: warehouse } }", "there is no destination \"warehouse\""),
            ("{ t: { rows: auto, primary_key: [id] } }", "rows: auto finds the key by itself"),
            ("{ t: { rows: \"$\", colums: {} } }", "did you mean \"columns\"?"),
            ("{ t: { rows: \"$\", columns: { a: { format: iso } } } }", "format belongs to type"),
            ("sqlite", "write auto, or a map of tables"),
        ])
    func `one mistake gives one message`(_ text: String, _ words: String) {
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains(words), "\(found)")
    }

    @Test func `a name that two datasets want is refused`() {
        let yaml =
            ConfigFixture.file(dataset: "tables: { t: { rows: \"$\" } }")
            + "\n  clash.war:\n    get: /wars/{tag}\n    tables: { t: { rows: \"$\" } }\n"
        let found = ConfigFixture(yaml: yaml).problems()
        #expect(found.count == 1 && found[0].contains("the table name \"t\" is taken by datasets.clash.clan.tables.t"))
    }

    @Test func `memory keeps no tables`() {
        let yaml = "store: memory\n" + ConfigFixture.file(dataset: "tables: auto")
        #expect(ConfigFixture(yaml: yaml).problems().first?.contains("store: memory keeps no tables") == true)
    }
}
