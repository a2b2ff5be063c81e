/// The documents of Torn's version 2 about factions, as JSON.
struct TornDocuments: Sendable {
    let world: TornWorld
    /// Seconds since 1970.
    let now: Int64

    private var dice: ClashWorld { world.dice }

    // MARK: Crimes

    func crime(_ crime: TornWorld.Crime, of faction: Int) -> MockJSON {
        let slots = crime.scenario.positions.indices.map { slot($0, crime, faction) }
        return [
            "id": .int(Int(crime.id)),
            "previous_crime_id": crime.index % 9 == 8 ? .int(Int(crime.id - 1)) : nil,
            "name": .string(crime.scenario.name), "difficulty": .int(crime.scenario.difficulty),
            "status": .string(crime.status), "created_at": moment(crime.created),
            "planning_at": optional(crime.planning), "ready_at": optional(crime.ready),
            "expired_at": moment(crime.expires), "executed_at": optional(crime.executed),
            "slots": .array(slots), "rewards": rewards(crime, faction),
        ]
    }

    private func slot(_ slot: Int, _ crime: TornWorld.Crime, _ faction: Int) -> MockJSON {
        let number = crime.id * 8 + Int64(slot)
        let participant = world.participant(crime, slot: slot, faction: faction, now: now)
        var requirement = MockJSON.null
        // A kind of crime asks for the same items each time.
        let place = Int64(crime.scenario.difficulty * 8 + slot)
        if dice.hash(place, "needs") % 3 != 0 {
            requirement = [
                "id": .int(TornItems.tool(dice.constant(place, "tool", 0...TornItems.perType - 1))),
                "is_reusable": .bool(dice.hash(place, "reusable") % 2 == 0),
                "is_available": .bool(participant != nil && dice.hash(number, "available") % 4 != 0),
            ]
        }
        var user = MockJSON.null
        if let participant {
            let isDone = crime.executed != nil
            let progress = min(100, Double(now - participant.joined) / 864.0)
            let outcomes = crime.status == "Successful" ? ["Successful"] : ["Failed", "Jailed", "Injured"]
            user = [
                "id": .int(participant.user),
                "outcome": isDone ? .string(dice.pick(number, "outcome", outcomes)) : nil,
                "joined_at": moment(participant.joined),
                "progress": isDone || progress >= 100 ? 100 : .number("\((progress * 100).rounded(.down) / 100)"),
            ]
        }
        let skill = participant.map { dice.constant(Int64($0.user), "skill", 40...110) } ?? 60
        let rate = max(5, min(100, skill - crime.scenario.difficulty * 3 + dice.constant(number, "luck", -5...5)))
        return [
            "position": .string(crime.scenario.positions[slot]), "item_requirement": requirement, "user": user,
            "checkpoint_pass_rate": .int(crime.status == "Expired" ? 0 : rate),
        ]
    }

    private func rewards(_ crime: TornWorld.Crime, _ faction: Int) -> MockJSON {
        guard crime.status == "Successful", let executed = crime.executed else { return nil }
        let items = (0..<dice.constant(crime.id, "items", 0...2)).map { place -> MockJSON in
            let number = crime.id * 8 + Int64(place)
            return [
                "id": .int(TornItems.id(type: dice.constant(number, "type", 0...22), place: place)),
                "quantity": .int(dice.constant(number, "quantity", 1...5)),
            ]
        }
        let paid = executed + 3_600
        var payout = MockJSON.null
        if now >= paid, dice.hash(crime.id, "paid") % 5 != 0 {
            payout = [
                "type": .string(dice.pick(crime.id, "way", ["balance", "wallet", "inventory"])), "percentage": 80,
                "paid_by": .int(world.user(faction, seat: 0)), "paid_at": moment(paid),
            ]
        }
        return [
            "money": .int(dice.constant(crime.id, "money", 1...40) * 250_000 * crime.scenario.difficulty),
            "items": .array(items),
            "respect": .int(dice.constant(crime.id, "respect", 5...40) * crime.scenario.difficulty),
            "payout": payout, "scope": .int(dice.constant(crime.id, "scope", 0...4)),
        ]
    }

    // MARK: Factions

    func members(_ faction: Int) -> MockJSON { .array(world.seats(faction, now: now).map { member(faction, $0) }) }

    private func member(_ faction: Int, _ seat: Int) -> MockJSON {
        let user = Int64(world.user(faction, seat: seat))
        let active = now - Int64(dice.constant(user, "idle", 0...40)) * 600 - now % 600
        let isInHospital = dice.hash(user &+ now / 3_600, "hospital") % 8 == 0
        let positions = ["Member", "Veteran", "Recruit", "Team Lead"]
        let position = seat == 0 ? "Leader" : seat == 1 ? "Co-leader" : dice.pick(user, "position", positions)
        return [
            "id": .int(Int(user)), "name": .string(dice.name(user)), "position": .string(position),
            "level": .int(min(100, dice.constant(user, "level", 5...95) + Int((now - world.origin) / 8_640_000))),
            "days_in_faction": .int(dice.constant(user, "days", 1...900) + Int((now - world.origin) / 86_400)),
            "is_revivable": .bool(dice.hash(user, "revivable") % 3 == 0), "is_on_wall": false,
            "is_in_oc": .bool(dice.hash(user &+ now / 86_400, "oc") % 3 != 0), "has_early_discharge": false,
            "last_action": [
                "status": .string(now - active < 900 ? "Online" : now - active < 3_600 ? "Idle" : "Offline"),
                "timestamp": moment(active), "relative": .string("\((now - active) / 60) minutes ago"),
            ],
            "status": [
                "description": .string(isInHospital ? "In hospital for 31 mins" : "Okay"),
                "details": isInHospital ? "Lost to someone" : nil,
                "state": .string(isInHospital ? "Hospital" : "Okay"),
                "until": isInHospital ? moment((now / 3_600 + 1) * 3_600) : nil,
            ],
            "revive_setting": .string(dice.pick(user, "revive", ["Everyone", "Friends & faction", "No one"])),
        ]
    }

    func basic(_ faction: Int, isOwn: Bool) -> MockJSON {
        let number = Int64(faction)
        let days = Int((now - world.origin) / 86_400)
        return [
            "id": .int(faction), "name": .string(dice.name(number)), "tag": .string("F\(faction % 1_000)"),
            "tag_image": .string("\(faction).png"), "leader_id": .int(world.user(faction, seat: 0)),
            "co_leader_id": .int(world.user(faction, seat: 1)),
            "respect": .int(dice.constant(number, "respect", 100_000...4_000_000) + days * 900),
            "days_old": .int(dice.constant(number, "age", 100...5_000) + days), "capacity": 100,
            "members": .int(world.seats(faction, now: now).count), "is_enlisted": isOwn ? true : nil,
            "rank": [
                "level": .int(dice.constant(number, "rank", 1...20)), "name": "Gold",
                "division": .int(dice.constant(number, "division", 1...3)),
                "position": .int(dice.constant(number, "place", 1...400)),
                "wins": .int(dice.constant(number, "wins", 0...200) + days / 7),
            ],
            "best_chain": .int(dice.constant(number, "chain", 100...25_000)),
        ]
    }

    /// Money and points of the faction.
    func funds(_ faction: Int) -> (money: Int, points: Int) {
        let hours = Int((now - world.origin) / 3_600)
        return (
            dice.constant(Int64(faction), "money", 1...900) * 1_000_000 + hours * 12_345,
            dice.constant(Int64(faction), "points", 0...9_000) + hours % 500
        )
    }

    func balance(_ faction: Int) -> MockJSON {
        let (money, points) = funds(faction)
        let members = world.seats(faction, now: now).map { seat -> MockJSON in
            let user = Int64(world.user(faction, seat: seat))
            return [
                "id": .int(Int(user)), "username": .string(dice.name(user)),
                "money": .int(dice.constant(user, "money", 0...50_000_000)),
                "points": .int(dice.constant(user, "p", 0...50)),
            ]
        }
        return [
            "faction": ["money": .int(money), "points": .int(points), "scope": .int(Int(now / 86_400 % 100))],
            "members": .array(members),
        ]
    }

    private func moment(_ seconds: Int64) -> MockJSON { .int(Int(seconds)) }
    private func optional(_ seconds: Int64?) -> MockJSON { seconds.map { .int(Int($0)) } ?? .null }
}
