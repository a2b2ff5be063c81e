/// Torn's items: some of each type, weapons and armour with their details.
struct TornItems: Sendable {
    /// The types, in the order of the documentation; every item has one.
    static let types = [
        "Alcohol", "Armor", "Artifact", "Book", "Booster", "Candy", "Car", "Clothing", "Collectible", "Drug",
        "Energy Drink", "Enhancer", "Flower", "Jewelry", "Material", "Medical", "Other", "Plushie", "Special",
        "Supply Pack", "Tool", "Unused", "Weapon",
    ]
    /// Items of each type.
    static let perType = 12
    private static let weaponKinds = [
        ("Melee", "Slashing"), ("Primary", "Rifle"), ("Secondary", "Pistol"), ("Temporary", "Temporary"),
    ]
    private static let parts = [
        "Full Body", "Heart", "Stomach", "Chest", "Arm", "Groin", "Leg", "Throat", "Hand", "Foot", "Head",
    ]

    let dice: ClashWorld
    /// Moves the prices.
    let now: Int64

    /// The number of an item.
    static func id(type: Int, place: Int) -> Int { type * 50 + place + 1 }

    /// The number of a tool.
    static func tool(_ place: Int) -> Int { id(type: types.firstIndex(of: "Tool") ?? 0, place: place) }

    /// The items of a category of the API, in ascending order; `nil` when there is no such category.
    ///
    /// `All` gives every item without details, as the API does.
    func category(_ name: String) -> [MockJSON]? {
        switch name {
        case "All": return Self.types.indices.flatMap { items(ofType: $0, detailed: false) }
        case "Defensive": return items(ofType: 1, detailed: true)
        case "Melee", "Primary", "Secondary", "Temporary":
            return items(ofType: 22, detailed: true).filter { $0["details"]?["category"] == .string(name) }
        default: return Self.types.firstIndex(of: name).map { items(ofType: $0, detailed: true) }
        }
    }

    /// Items by number, in the order asked; unknown numbers are left out.
    func items(_ ids: [Int]) -> [MockJSON] {
        ids.compactMap { id in
            let (type, place) = (id - 1).quotientAndRemainder(dividingBy: 50)
            guard id > 0, Self.types.indices.contains(type), place < Self.perType else { return nil }
            return item(type, place, detailed: true)
        }
    }

    private func items(ofType type: Int, detailed: Bool) -> [MockJSON] {
        (0..<Self.perType).map { item(type, $0, detailed: detailed) }
    }

    private func item(_ type: Int, _ place: Int, detailed: Bool) -> MockJSON {
        let id = Self.id(type: type, place: place)
        let number = Int64(id)
        let kind = Self.weaponKinds[place % Self.weaponKinds.count]
        let isSold = dice.hash(number, "sold") % 3 != 0
        let price = dice.constant(number, "price", 10...900_000)
        let market = price + Int(dice.hash(number &+ now / 3_600, "market") % UInt64(price / 5 + 1))
        let vendor: MockJSON = ["country": "Torn", "name": "Big Al's"]
        return [
            "id": .int(id), "name": "\(Self.types[type]) \(place + 1)",
            "description": "What the \"\(Self.types[type])\" shelf holds.",
            "effect": type == 9 ? "Makes you feel better" : nil,
            "requirement": type == 22 && place == 5 ? "Level 15" : nil,
            "image": "https://www.torn.com/images/items/\(id)/large.png", "type": .string(Self.types[type]),
            "sub_type": type == 22 ? .string(kind.1) : nil, "is_masked": false,
            "is_tradable": .bool(dice.hash(number, "tradable") % 9 != 0),
            "is_found_in_city": .bool(dice.hash(number, "found") % 5 == 0),
            "value": [
                "vendor": isSold ? vendor : nil, "buy_price": isSold ? .int(price) : nil,
                "sell_price": isSold ? .int(price * 3 / 4) : nil, "market_price": .int(market),
            ],
            "circulation": .int(dice.constant(number, "circulation", 10...5_000_000)),
            "details": !detailed ? nil : type == 22 ? weapon(number, kind.0) : type == 1 ? armour(number) : nil,
        ]
    }

    private func weapon(_ number: Int64, _ category: String) -> MockJSON {
        let shoots = category == "Primary" || category == "Secondary"
        let ammunition: MockJSON = [
            "id": .int(dice.constant(number, "ammo", 1...12)), "name": "7.62mm",
            "magazine_rounds": .int(dice.constant(number, "rounds", 5...50)),
            "rate_of_fire": ["minimum": 2, "maximum": .int(dice.constant(number, "fire", 3...10))],
        ]
        return [
            "stealth_level": .number("\(Double(dice.constant(number, "stealth", 10...90)) / 10)"),
            "base_stats": stats(number), "category": .string(category), "ammo": shoots ? ammunition : nil,
            "mods": .array(shoots ? (1...dice.constant(number, "mods", 1...4)).map { .int($0 * 2) } : []),
        ]
    }

    private func armour(_ number: Int64) -> MockJSON {
        let covered = (0..<dice.constant(number, "parts", 1...4)).map { place -> MockJSON in
            [
                "name": .string(Self.parts[(dice.constant(number, "first", 0...10) + place) % Self.parts.count]),
                "value": .number("\(Double(dice.constant(number * 16 + Int64(place), "covers", 500...10_000)) / 100)"),
            ]
        }
        return ["coverage": .array(covered), "base_stats": stats(number)]
    }

    private func stats(_ number: Int64) -> MockJSON {
        [
            "damage": .int(dice.constant(number, "damage", 0...90)),
            "accuracy": .int(dice.constant(number, "accuracy", 0...80)),
            "armor": .int(dice.constant(number, "armour", 0...60)),
        ]
    }
}
