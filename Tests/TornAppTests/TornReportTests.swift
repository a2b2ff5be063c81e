import FreshetCore
import FreshetMock
import Testing
import TornApp

/// Every report against the same figures computed from the documents as they came.
@Suite struct `Reports on two factions` {
    private static let now = Fixture.origin + 70 * 86_400

    /// Documents of a generated world, and rows made of them.
    private struct Loaded {
        let torn: TornStore
        /// Crimes and members by faction, items of every type.
        var crimes: [Int: [MockJSON]] = [:]
        var members: [Int: [MockJSON]] = [:]
        var items: [Int: MockJSON] = [:]

        /// Crimes with their faction, in the states given.
        func crimes(_ statuses: String...) -> [(faction: Int, crime: MockJSON)] {
            crimes.sorted { $0.key < $1.key }.flatMap { faction, list in list.map { (faction, $0) } }
                .filter { statuses.isEmpty || statuses.contains($0.1.text("status") ?? "") }
        }
    }

    private func withWorld(_ body: (Loaded) async throws -> Void) async throws {
        let world = TornGenerator(crimesEvery: .seconds(43_200), clock: WallClock(Self.now).clock)
        try await TornStore.with { torn in
            var loaded = Loaded(torn: torn)
            for faction in Fixture.options.factions {
                let key = "key-\(faction)"
                var (all, offset) = ([MockJSON](), 0)
                while offset == 0 || all.count == offset {
                    all += try world.get("/v2/faction/crimes?sort=ASC&offset=\(offset)", key: key).list("crimes")
                    offset += TornGenerator.pageSize
                }
                let document: MockJSON = ["crimes": .array(all), "_metadata": ["links": ["next": nil]]]
                try await torn.load("crimes", "\(faction)", document.text)
                let members = try world.get("/v2/faction/\(faction)/members", key: key)
                try await torn.load("members", "\(faction)", members.text)
                loaded.crimes[faction] = all
                loaded.members[faction] = members.list("members")
            }
            for type in TornItemType.all {
                let name = type.split(separator: " ").joined(separator: "%20")
                let body = try world.get("/v2/torn/items?cat=\(name)&sort=ASC")
                try await torn.load("items", type, body.text)
                for item in body.list("items") { loaded.items[try #require(item.int("id"))] = item }
            }
            try await body(loaded)
        }
    }

    private func isNear(_ value: TableValue?, _ expected: Double?) -> Bool {
        guard let expected else { return value == .null }
        guard let number = value?.number else { return false }
        return abs(number - expected) <= max(1e-9, abs(expected) * 1e-9)
    }

    private func mean(_ values: [Int]) -> Double? {
        values.isEmpty ? nil : Double(values.reduce(0, +)) / Double(values.count)
    }

    @Test func `the world has what fans out: two slots and two items, null rewards, unpaid crimes`() async throws {
        try await withWorld { world in
            let successful = world.crimes("Successful").map(\.crime)
            #expect(successful.contains { $0.list("slots").count > 1 && $0["rewards"]?.list("items").count == 2 })
            #expect(successful.contains { $0["rewards"]?["payout"] == .null })
            #expect(world.crimes("Failure").contains { $0.crime["rewards"] == .null })
            #expect(world.crimes.count == 2 && world.crimes.values.allSatisfy { $0.count > TornGenerator.pageSize })
        }
    }

    @Test func `the overview has success, respect, days, positions and pay of each kind of crime`() async throws {
        struct Kind: Hashable { let faction: Int, name: String, difficulty: Int }
        try await withWorld { world in
            var kinds: [Kind: [MockJSON]] = [:]
            for (faction, crime) in world.crimes("Successful", "Failure") {
                let kind = Kind(
                    faction: faction, name: crime.text("name") ?? "", difficulty: crime.int("difficulty") ?? 0)
                kinds[kind, default: []].append(crime)
            }
            let rows = try await world.torn.rows("SELECT * FROM crime_overview")
            #expect(rows.count == kinds.count && rows.count >= 15)
            for row in rows {
                let kind = Kind(
                    faction: row["faction_id"]?.whole ?? 0, name: Self.text(row["name"]),
                    difficulty: row["difficulty"]?.whole ?? 0)
                let crimes = try #require(kinds[kind])
                let won = crimes.filter { $0.text("status") == "Successful" }
                #expect(row["crimes"] == .int(crimes.count))
                #expect(row["successful"] == .int(won.count) && row["failed"] == .int(crimes.count - won.count))
                #expect(isNear(row["success_rate"], Double(won.count) / Double(crimes.count)))
                #expect(isNear(row["average_respect"], mean(won.compactMap { $0["rewards"]?.int("respect") })))
                #expect(isNear(row["average_money"], mean(won.compactMap { $0["rewards"]?.int("money") })))
                let seconds = crimes.compactMap { crime in
                    crime.int("executed_at").flatMap { end in crime.int("planning_at").map { end - $0 } }
                }
                #expect(isNear(row["average_days"], mean(seconds).map { $0 / 86_400 }))
                #expect(row["positions"] == .int(crimes.map { $0.list("slots").count }.max()))
                var (money, positionDays) = (0.0, 0.0)
                for crime in won {
                    guard let start = crime.int("planning_at"), let end = crime.int("executed_at") else { continue }
                    money += Double(crime["rewards"]?.int("money") ?? 0)
                    positionDays += Double(crime.list("slots").count) * Double(end - start) / 86_400
                }
                #expect(isNear(row["pay_per_position_per_day"], won.isEmpty ? nil : money / positionDays))
            }
        }
    }

    @Test func `earnings count the money of a crime once, however many slots and items it has`() async throws {
        try await withWorld { world in
            let crimes = Dictionary(
                uniqueKeysWithValues: world.crimes("Successful").map {
                    ([$0.faction, $0.crime.int("id") ?? 0], $0.crime)
                })
            let rows = try await world.torn.rows("SELECT * FROM crime_earnings")
            #expect(rows.count == crimes.count)
            for row in rows {
                let crime = try #require(crimes[[row["faction_id"]?.whole ?? 0, row["crime_id"]?.whole ?? 0]])
                let rewards = try #require(crime["rewards"])
                let money = try #require(rewards.int("money"))
                let share = rewards["payout"]?.int("percentage").map { money * $0 / 100 }
                let people = crime.list("slots").filter { $0["user"] != .null }.count
                #expect(row["money"] == .int(money) && row["respect"] == .int(rewards.int("respect")))
                #expect(row["participants"] == .int(people))
                #expect(row["participants_money"] == .int(share))
                #expect(row["faction_money"] == .int(share.map { money - $0 }))
                #expect(row["money_per_participant"] == .int(share.map { $0 / people }))
                let items = rewards.list("items")
                #expect(row["reward_items"] == .int(items.reduce(0) { $0 + ($1.int("quantity") ?? 0) }))
                let value = items.reduce(0) { sum, item in
                    let price = world.items[item.int("id") ?? 0]?["value"]?.int("market_price") ?? 0
                    return sum + (item.int("quantity") ?? 0) * price
                }
                #expect(row["reward_items_value"] == .int(value))
            }
            let total = try await world.torn.rows("SELECT sum(money) AS total FROM crime_earnings")
            #expect(total.first?["total"] == .int(crimes.values.reduce(0) { $0 + ($1["rewards"]?.int("money") ?? 0) }))
            // The flat form is what multiplies it.
            let wide = try await world.torn.rows("SELECT sum(rewards_money) AS total FROM crimes_wide")
            #expect((wide.first?["total"]?.number ?? 0) > 2 * (total.first?["total"]?.number ?? 0))
        }
    }

    @Test func `crimes have a row for each slot with the names of member and item`() async throws {
        try await withWorld { world in
            var names: [[Int]: String] = [:]
            for (faction, members) in world.members {
                for member in members { names[[faction, member.int("id") ?? 0]] = member.text("name") }
            }
            let rows = try await world.torn.rows("SELECT * FROM crimes_named ORDER BY faction_id, crime_id, slot_index")
            let slots = world.crimes().sorted {
                ($0.faction, $0.crime.int("id") ?? 0) < ($1.faction, $1.crime.int("id") ?? 0)
            }
            .flatMap { faction, crime in crime.list("slots").map { (faction, crime, $0) } }
            #expect(rows.count == slots.count)
            var named = 0
            for (row, (faction, crime, slot)) in zip(rows, slots) {
                let user = slot["user"]?.int("id")
                #expect(row["crime_id"] == .int(crime.int("id")) && row["position"] == .text(slot.text("position")))
                #expect(row["user_id"] == .int(user))
                #expect(row["user_name"] == .text(user.flatMap { names[[faction, $0]] }))
                let item = slot["item_requirement"]?.int("id")
                #expect(row["item_name"] == .text(item.flatMap { world.items[$0]?.text("name") }))
                #expect(row["item_is_available"] == .flag(slot["item_requirement"]?["is_available"]?.flag))
                named += row["user_name"] == .null ? 0 : 1
            }
            #expect(named > rows.count / 2)
        }
    }

    @Test func `required items count what open slots lack`() async throws {
        struct Need: Hashable { let faction: Int, name: String, position: String, item: Int }
        try await withWorld { world in
            var needs: [Need: (slots: Int, open: Int, lacking: Int)] = [:]
            for (faction, crime) in world.crimes() {
                let isOpen = ["Recruiting", "Planning"].contains(crime.text("status") ?? "")
                for slot in crime.list("slots") {
                    guard let item = slot["item_requirement"]?.int("id") else { continue }
                    let need = Need(
                        faction: faction, name: crime.text("name") ?? "", position: slot.text("position") ?? "",
                        item: item)
                    var count = needs[need] ?? (0, 0, 0)
                    count.slots += 1
                    count.open += isOpen ? 1 : 0
                    count.lacking += isOpen && slot["item_requirement"]?["is_available"]?.flag == false ? 1 : 0
                    needs[need] = count
                }
            }
            let rows = try await world.torn.rows("SELECT * FROM required_items")
            #expect(rows.count == needs.count)
            #expect(needs.values.contains { $0.lacking > 0 })
            for row in rows {
                let item = row["item_id"]?.whole ?? 0
                let need = Need(
                    faction: row["faction_id"]?.whole ?? 0, name: Self.text(row["name"]),
                    position: Self.text(row["position"]), item: item)
                let count = try #require(needs[need])
                #expect(row["slots"] == .int(count.slots) && row["open_slots"] == .int(count.open))
                #expect(row["lacking"] == .int(count.lacking))
                let price = try #require(world.items[item]?["value"]?.int("market_price"))
                #expect(row["item_name"] == .text(world.items[item]?.text("name")))
                #expect(row["cost_of_lacking"] == .int(count.lacking * price))
            }
        }
    }

    @Test func `members have their crimes of 30 and 7 days, best pass rates and what to try`() async throws {
        try await withWorld { world in
            let report = try #require(TornReport.all(passRate: 70).first { $0.name == "member_information" })
            let now = Timestamp(seconds: Self.now).rfc3339
            let rows = try await world.torn.rows(report.sqlite(now: "'\(now)'"))
            #expect(rows.count == world.members.values.reduce(0) { $0 + $1.count })
            func executed(_ faction: Int, days: Int) -> [MockJSON] {
                (world.crimes[faction] ?? []).filter { crime in
                    guard ["Successful", "Failure"].contains(crime.text("status")), let end = crime.int("executed_at")
                    else { return false }
                    return (0...days * 86_400).contains(Int(Self.now) - end)
                }
            }
            func takesPart(_ user: Int, _ crime: MockJSON) -> Bool {
                crime.list("slots").contains { $0["user"]?.int("id") == user }
            }
            var recommended = Set<Int>()
            for row in rows {
                let (faction, user) = (try #require(row["faction_id"]?.whole), try #require(row["id"]?.whole))
                for days in [30, 7] {
                    let all = executed(faction, days: days)
                    let own = all.filter { takesPart(user, $0) }.count
                    #expect(row["crimes_\(days)d"] == .int(own))
                    #expect(isNear(row["participation_\(days)d"], all.isEmpty ? nil : Double(own) / Double(all.count)))
                }
                var best: [Int: Int] = [:]
                for (_, crime) in world.crimes() where crime.text("status") != "Expired" {
                    for slot in crime.list("slots") where slot["user"]?.int("id") == user {
                        let (level, rate) = (crime.int("difficulty") ?? 0, slot.int("checkpoint_pass_rate") ?? 0)
                        best[level] = max(best[level] ?? 0, rate)
                    }
                }
                for level in 1...10 { #expect(row["best_pass_rate_\(level)"] == .int(best[level])) }
                let top = best.filter { $0.value >= 70 }.keys.max()
                #expect(row["recommended_difficulty"] == .int(top))
                if let top { recommended.insert(top) }
            }
            #expect(recommended.count > 2)
            #expect(executed(40_832, days: 7).count < executed(40_832, days: 30).count)
            // The view itself takes the present moment; its rows are the same members.
            #expect(try await world.torn.count("member_information") == rows.count)
        }
    }

    @Test func `a member who left keeps the name in crimes and leaves the list of members`() async throws {
        try await withWorld { world in
            let left = try #require(world.crimes("Successful").first?.crime.list("slots").first?["user"]?.int("id"))
            let faction = try #require(world.crimes("Successful").first?.faction)
            let rest = (world.members[faction] ?? []).filter { $0.int("id") != left }
            #expect(rest.count + 1 == world.members[faction]?.count)
            let document: MockJSON = ["members": .array(rest)]
            try await world.torn.load("members", "\(faction)", document.text, at: TornStore.fetchedAt + .seconds(900))
            let named = try await world.torn.rows(
                "SELECT DISTINCT user_name FROM crimes_named WHERE user_id = \(left)")
            #expect(named.count == 1 && named.first?["user_name"] != .null)
            #expect(try await world.torn.rows("SELECT id FROM member_information WHERE id = \(left)").isEmpty)
        }
    }

    private static func text(_ value: TableValue?) -> String {
        if case .text(let text)? = value { text } else { "" }
    }
}
