import FreshetCore
import FreshetMock
import FreshetSQLite
import Testing
import TornApp

@Suite struct `Rows of Torn documents` {
    /// Crime 123 with two slots and two reward items.
    private let example = """
        {"crimes":[{"id":123,"name":"Crime A","difficulty":3,"status":"Successful","created_at":1647123456,
         "planning_at":null,"ready_at":null,"expired_at":null,"executed_at":1647123556,
         "slots":[{"position":"1","item_requirement":null,"user":{"id":456},"checkpoint_pass_rate":80},
                  {"position":"2","item_requirement":null,"user":{"id":789},"checkpoint_pass_rate":70}],
         "rewards":{"money":1000,"items":[{"id":1,"quantity":2},{"id":2,"quantity":1}],"respect":5,"scope":1,
                    "payout":null}}],"_metadata":{"links":{"next":null,"prev":null}}}
        """

    @Test func `a crime with two slots and two reward items makes one, two and two rows, and four wide ones`()
        async throws
    {
        try await TornStore.with { torn in
            let outcome = try await torn.load("crimes", "40832", example)
            #expect(outcome.tables.map(\.table) == ["crimes", "crime_slots", "crime_reward_items"])
            #expect(outcome.tables.map(\.inserted) == [1, 2, 2])
            #expect(outcome.tables.allSatisfy { $0.rejected == 0 && $0.variants == 0 })
            let slots = try await torn.rows(
                "SELECT crime_id, name, position, user_id FROM crime_slots ORDER BY slot_index")
            #expect(
                slots == [
                    ["crime_id": .int(123), "name": .text("Crime A"), "position": .text("1"), "user_id": .int(456)],
                    ["crime_id": .int(123), "name": .text("Crime A"), "position": .text("2"), "user_id": .int(789)],
                ])
            let items = try await torn.rows(
                "SELECT crime_id, name, money, item_id, quantity FROM crime_reward_items ORDER BY reward_index")
            #expect(
                items == [
                    [
                        "crime_id": .int(123), "name": .text("Crime A"), "money": .int(1000), "item_id": .int(1),
                        "quantity": .int(2),
                    ],
                    [
                        "crime_id": .int(123), "name": .text("Crime A"), "money": .int(1000), "item_id": .int(2),
                        "quantity": .int(1),
                    ],
                ])
            let wide = try await torn.rows("SELECT * FROM crimes_wide ORDER BY slot_index, reward_index")
            #expect(
                wide.map { [$0["slots_user_id"], $0["rewards_items_id"]] } == [
                    [.int(456), .int(1)], [.int(456), .int(2)], [.int(789), .int(1)], [.int(789), .int(2)],
                ])
            #expect(wide.allSatisfy { $0["rewards_money"] == .int(1000) && $0["rewards_payout_type"] == .null })
        }
    }

    @Test func `the same crimes again change nothing`() async throws {
        try await TornStore.with { torn in
            try await torn.load("crimes", "40832", example)
            let again = try await torn.load("crimes", "40832", example + " ", at: TornStore.fetchedAt + .seconds(900))
            #expect(again.tables.map(\.unchanged) == [1, 2, 2])
            #expect(!again.hasChanged)
        }
    }

    @Test func `a window that does not show a crime leaves it alone`() async throws {
        try await TornStore.with { torn in
            try await torn.load("crimes", "40832", example)
            try await torn.load("crimes", "40832", #"{"crimes":[],"_metadata":{"links":{"next":null,"prev":null}}}"#)
            #expect(try await torn.count("crimes_wide") == 4)
        }
    }

    @Test func `one slot and one item make one wide row with every column`() async throws {
        let crime = """
            {"crimes":[{"id":123456,"name":"Armed Robbery","difficulty":3,"status":"completed","created_at":1647123456,
             "planning_at":1647123456,"executed_at":1647123556,"ready_at":1647123656,"expired_at":1647123756,
             "slots":[{"position":"leader","item_requirement":{"id":789,"is_reusable":true,"is_available":true},
              "user":{"id":12345,"joined_at":1647123456,"progress":100.0,"outcome":"Successful"},
              "checkpoint_pass_rate":90}],
             "rewards":{"money":100000,"respect":10,"scope":2,"items":[{"id":456,"quantity":2}],
              "payout":{"type":"percentage","percentage":50,"paid_by":67890,"paid_at":1647123864}}}]}
            """
        try await TornStore.with { torn in
            try await torn.load("crimes", "40832", crime)
            let rows = try await torn.rows("SELECT * FROM crimes_wide")
            #expect(rows.count == 1)
            let row = try #require(rows.first)
            let expected: TornStore.Row = [
                "server_timestamp": .moment(Int(TornStore.fetchedAt.seconds)), "id": .int(123_456),
                "name": .text("Armed Robbery"), "difficulty": .int(3), "status": .text("completed"),
                "created_at": .moment(1_647_123_456), "planning_at": .moment(1_647_123_456),
                "executed_at": .moment(1_647_123_556), "ready_at": .moment(1_647_123_656),
                "expired_at": .moment(1_647_123_756), "slots_position": .text("leader"),
                "slots_item_requirement_id": .int(789), "slots_item_requirement_is_reusable": .flag(true),
                "slots_item_requirement_is_available": .flag(true), "slots_user_id": .int(12_345),
                "slots_user_joined_at": .moment(1_647_123_456), "slots_user_progress": .float(100),
                "slots_success_chance": .null, "slots_crime_pass_rate": .int(90), "rewards_money": .int(100_000),
                "rewards_items_id": .int(456), "rewards_items_quantity": .int(2), "rewards_respect": .int(10),
                "rewards_payout_type": .text("percentage"), "rewards_payout_percentage": .int(50),
                "rewards_payout_paid_by": .int(67_890), "rewards_payout_paid_at": .moment(1_647_123_864),
                "faction_id": .int(40_832), "slot_index": .int(0), "reward_index": .int(0),
            ]
            for (column, value) in expected { #expect(row[column] == value, "\(column)") }
            #expect(Set(row.keys) == Set(expected.keys))
            // Moments are UTC, whatever the zone of this machine is.
            let text = try await torn.rows("SELECT created_at || '' AS text FROM crimes")
            #expect(text.first?["text"] == .text("2022-03-12T22:17:36Z"))
        }
    }

    @Test func `empty slots, missing rewards and a crime without slots keep their nulls and their rows`() async throws {
        let crimes = """
            {"crimes":[{"id":1,"name":"A","difficulty":2,"status":"Recruiting","created_at":100,"planning_at":null,
             "ready_at":null,"expired_at":900,"executed_at":null,"rewards":null,
             "slots":[{"position":"leader","item_requirement":null,"user":{"id":111,"joined_at":150,"progress":41.42,
               "outcome":null},"checkpoint_pass_rate":50},
              {"position":"hacker","item_requirement":null,"user":{"id":222,"joined_at":160,"progress":0,"outcome":null},
               "checkpoint_pass_rate":50},
              {"position":"driver","item_requirement":null,"user":null,"checkpoint_pass_rate":61}]},
             {"id":2,"name":"B","difficulty":1,"status":"Successful","created_at":100,"expired_at":900,"slots":[],
              "rewards":{"money":5,"items":[{"id":9,"quantity":1}],"respect":1,"scope":0,"payout":null}}]}
            """
        try await TornStore.with { torn in
            try await torn.load("crimes", "40832", crimes)
            let wide = try await torn.rows("SELECT * FROM crimes_wide ORDER BY id, slot_index")
            #expect(wide.map { $0["slots_user_id"] } == [.int(111), .int(222), .null, .null])
            #expect(wide.map { $0["slots_user_progress"] } == [.float(41.42), .float(0), .null, .null])
            #expect(wide.map { $0["rewards_items_id"] } == [.null, .null, .null, .int(9)])
            #expect(wide.map { $0["rewards_money"] } == [.null, .null, .null, .int(5)])
            #expect(wide.prefix(3).allSatisfy { $0["executed_at"] == .null && $0["planning_at"] == .null })
            // No column but the declared ones came to be.
            let columns = try await torn.store.tables().map(\.schema).map { ($0.name, $0.columns.count) }
            #expect(columns.first { $0.0 == "crimes" }?.1 == 18)
            #expect(columns.map(\.0).contains { $0.contains("__") } == false)
        }
    }

    @Test func `a crime without its number is rejected and nothing is made up`() async throws {
        try await TornStore.with { torn in
            let outcome = try await torn.load(
                "crimes", "40832",
                #"{"crimes":[{"name":"A","difficulty":1,"status":"Planning","created_at":1,"slots":[]}]}"#)
            #expect(outcome.tables.first?.rejected == 1)
            #expect(try await torn.count("crimes") == 0)
            #expect(try await torn.store.rejects(of: "crimes", limit: 10).first?.column == "id")
        }
    }

    @Test func `members, rank, money and time of two factions share their tables`() async throws {
        let wall = WallClock(TornStore.fetchedAt.seconds)
        let world = TornGenerator(clock: wall.clock)
        try await TornStore.with { torn in
            var members = 0
            for faction in [40_832, 17_991] {
                let key = "key-\(faction)"
                let body = try world.get("/v2/faction/\(faction)/members", key: key)
                members += body.list("members").count
                for (name, path) in [
                    ("members", "/v2/faction/\(faction)/members"), ("basic", "/v2/faction/\(faction)/basic"),
                    ("currency", "/v2/faction/balance"),
                ] {
                    let outcome = try await torn.load(name, "\(faction)", try world.get(path, key: key).text)
                    #expect(outcome.tables.allSatisfy { $0.rejected == 0 && $0.variants == 0 && $0.inserted > 0 })
                }
            }
            try await torn.load("server_time", "_", try world.get("/v2/torn/timestamp").text)
            #expect(try await torn.count("members") == members)
            #expect(try await torn.count("basic") == 2)
            let money = try await torn.rows("SELECT faction_id, money FROM currency ORDER BY faction_id")
            #expect(money.map { $0["faction_id"] } == [.int(17_991), .int(40_832)])
            let time = try await torn.rows("SELECT timestamp FROM server_time")
            #expect(time.first?["timestamp"] == .moment(Int(wall.now)))
        }
    }

    @Test func `each fetch of money and rank is a row, and a fetch that is written again is not`() async throws {
        try await TornStore.with { torn in
            let json = #"{"balance":{"faction":{"money":350000000,"points":120,"scope":3},"members":[]}}"#
            try await torn.load("currency", "40832", json)
            try await torn.load("currency", "40832", json)
            #expect(try await torn.count("currency") == 1)
            try await torn.load("currency", "40832", json, at: TornStore.fetchedAt + .seconds(43_200))
            #expect(try await torn.count("currency") == 2)
        }
    }

    @Test func `absent means absent: None, empty texts and zero moments are null, false and zero are not`() async throws
    {
        let member = """
            {"members":[{"id":1,"name":"A","position":"Leader","level":100,"days_in_faction":0,"is_revivable":false,
             "is_on_wall":false,"is_in_oc":true,"has_early_discharge":false,
             "last_action":{"status":"Offline","timestamp":1777161335,"relative":"2 hours ago"},
             "status":{"description":"Okay","details":"None","state":"Okay","until":0},"revive_setting":"No one"}]}
            """
        try await TornStore.with { torn in
            try await torn.load("members", "40832", member)
            let row = try #require(try await torn.rows("SELECT * FROM members").first)
            #expect(row["status_details"] == .null)
            #expect(row["status_until"] == .null)
            #expect(row["life_current"] == .null)
            #expect(row["is_revivable"] == .flag(false))
            #expect(row["days_in_faction"] == .int(0))
            #expect(row["last_action_timestamp"] == .moment(1_777_161_335))
        }
    }

    @Test func `the old name of the co-leader is read, too, and null stays null`() async throws {
        try await TornStore.with { torn in
            let old =
                #"{"basic":{"id":40832,"name":"F","leader_id":1,"co-leader_id":7,"is_enlisted":null,"rank":{"level":1}}}"#
            let outcome = try await torn.load("basic", "40832", old)
            #expect(outcome.tables.first?.rejected == 0)
            let row = try #require(try await torn.rows("SELECT * FROM basic").first)
            #expect(row["co_leader_id"] == .null && row["co_leader_id_alias"] == .int(7))
            #expect(row["is_enlisted"] == .null && row["rank_wins"] == .null)
        }
    }

    @Test func `items have one row each, with vendor, weapon details, coverage and modifications`() async throws {
        let wall = WallClock(TornStore.fetchedAt.seconds)
        let world = TornGenerator(clock: wall.clock)
        try await TornStore.with { torn in
            var (items, coverage, mods) = ([MockJSON](), 0, 0)
            for type in TornItemType.all {
                let name = type.split(separator: " ").joined(separator: "%20")
                let body = try world.get("/v2/torn/items?cat=\(name)&sort=ASC")
                items += body.list("items")
                coverage += body.list("items").reduce(0) { $0 + ($1["details"]?.list("coverage").count ?? 0) }
                mods += body.list("items").reduce(0) { $0 + ($1["details"]?.list("mods").count ?? 0) }
                let outcome = try await torn.load("items", type, body.text)
                #expect(outcome.tables.allSatisfy { $0.rejected == 0 && $0.variants == 0 })
            }
            #expect(try await torn.count("items") == items.count)
            #expect(coverage > 0 && mods > 0)
            #expect(try await torn.count("item_coverage") == coverage)
            #expect(try await torn.count("item_mods") == mods)
            let rows = Dictionary(
                try await torn.rows("SELECT * FROM items").map { ($0["id"]?.whole, $0) },
                uniquingKeysWith: { a, _ in a })
            for item in items {
                let row = try #require(rows[item.int("id")])
                #expect(row["value_vendor_name"] == .text(item["value"]?["vendor"]?.text("name")))
                #expect(row["value_buy_price"] == .int(item["value"]?.int("buy_price")))
                let details = item["details"]
                #expect(row["details_base_stats_damage"] == .int(details?["base_stats"]?.int("damage")))
                #expect(
                    row["details_ammo_rate_of_fire_maximum"] == .int(details?["ammo"]?["rate_of_fire"]?.int("maximum")))
                #expect(row["details_category"] == .text(details?.text("category")))
            }
            // A type that has become empty empties its rows, and no others.
            try await torn.load("items", "Weapon", #"{"items":[]}"#)
            #expect(try await torn.count("items") == items.count - items.filter { $0.text("type") == "Weapon" }.count)
            #expect(try await torn.count("item_mods") == 0)
        }
    }

    @Test func `money of version 1 has the same row`() async throws {
        var options = Fixture.options
        options.balanceRoute = .selection
        try await TornStore.with(options) { torn in
            try await torn.load("currency", "40832", #"{"faction_id":40832,"points":120,"money":350000000}"#)
            let row = try #require(try await torn.rows("SELECT * FROM currency").first)
            #expect(
                row["faction_id"] == .int(40_832) && row["points"] == .int(120) && row["money"] == .int(350_000_000))
        }
    }
}
