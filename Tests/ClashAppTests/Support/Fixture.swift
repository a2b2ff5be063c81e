import ClashApp
import Foundation
import FreshetCore
import FreshetMock
import NIOCore
import NIOHTTP1
import Synchronization

/// Options, moments and bodies for tests.
enum Fixture {
    static let key = Credential(id: "k-1", secret: Secret("fixture-key-one"))
    /// 64 bytes, none of them in use anywhere.
    static let secret = "an example of a signing key that is long enough for every digest"

    static var options: ClashOptions { ClashOptions(keys: [key]) }

    /// Options with users.
    static var withUsers: ClashOptions {
        var options = options
        options.identity = ClashIdentity()
        options.identity?.signingKey = Secret(secret)
        options.identity?.issuer = "https://id.test"
        options.identity?.audience = "clan-board"
        return options
    }

    static let start = Timestamp(seconds: 1_760_000_000)

    /// A member as upstream lists it.
    static func member(
        _ tag: String, name: String = "Red wolf", role: String = "member", trophies: Int = 3_000, donations: Int = 100,
        received: Int = 50
    ) -> MockJSON {
        [
            "tag": .string("#\(tag)"), "name": .string(name), "role": .string(role), "townHallLevel": 14,
            "expLevel": 120, "trophies": .int(trophies), "builderBaseTrophies": 2_000,
            "league": ["id": 29_000_012, "name": "Crystal League I", "iconUrls": ["tiny": "https://i/t.png"]],
            "donations": .int(donations), "donationsReceived": .int(received), "clanRank": 1,
        ]
    }

    /// A clan as upstream shows it.
    static func clan(_ tag: String, _ members: [MockJSON], count: Int? = nil, warLog: Bool = true) -> MockJSON {
        var fields: [MockJSON.Member] = [
            .init("tag", .string("#\(tag)")), .init("name", "Iron fox"), .init("clanLevel", 12), .init("warWins", 40),
            .init("warWinStreak", 2), .init("isWarLogPublic", .bool(warLog)), .init("description", "be \"kind\""),
            .init("badgeUrls", ["small": "https://i/s.png"]), .init("members", .int(count ?? members.count)),
            .init("memberList", .array(members)),
        ]
        if warLog { fields.append(.init("warLosses", 7)) }
        return .object(fields)
    }

    /// A player as upstream shows it.
    static func player(_ tag: String, clan: String?, trophies: Int = 3_000, donations: Int = 100) -> MockJSON {
        var fields: [MockJSON.Member] = [
            .init("tag", .string("#\(tag)")), .init("name", "Red wolf"), .init("role", "member"),
            .init("townHallLevel", 14), .init("trophies", .int(trophies)), .init("donations", .int(donations)),
            .init("donationsReceived", 50), .init("warStars", 300),
            .init("labels", [["id": 57_000_000, "name": "Clan Wars"]]),
        ]
        if let clan { fields.append(.init("clan", ["tag": .string("#\(clan)"), "name": "Iron fox"])) }
        return .object(fields)
    }

    /// A war; attacks are how many each own member has used.
    static func war(
        _ state: String, start: Timestamp, length: Int64 = 86_400, own: [(tag: String, attacks: Int)] = [],
        perMember: Int = 2
    ) -> MockJSON {
        func time(_ seconds: Int64) -> MockJSON {
            let text = Timestamp(seconds: seconds).rfc3339.filter { $0 != "-" && $0 != ":" }
            return .string(text.replacing("Z", with: ".000Z"))
        }
        var order = 0
        let members = own.map { one -> MockJSON in
            let attacks = (0..<one.attacks).map { _ -> MockJSON in
                order += 1
                return [
                    "attackerTag": .string("#\(one.tag)"), "defenderTag": "#ENEMY", "stars": 2,
                    "destructionPercentage": 80, "order": .int(order), "duration": 120,
                ]
            }
            var fields: [MockJSON.Member] = [
                .init("tag", .string("#\(one.tag)")), .init("name", "Red wolf"), .init("townhallLevel", 14),
                .init("mapPosition", 1),
            ]
            if !attacks.isEmpty { fields.append(.init("attacks", .array(attacks))) }
            return .object(fields)
        }
        return [
            "state": .string(state), "teamSize": .int(own.count), "attacksPerMember": .int(perMember),
            "preparationStartTime": time(start.seconds - 86_400), "startTime": time(start.seconds),
            "endTime": time(start.seconds + length),
            "clan": [
                "tag": "#CLAN", "name": "Iron fox", "stars": .int(order * 2), "attacks": .int(order),
                "destructionPercentage": 40, "members": .array(members),
            ],
            "opponent": [
                "tag": "#ENEMY", "name": "Dark moon", "stars": 1, "destructionPercentage": .number("12.5"),
                "members": [],
            ],
        ]
    }
}

/// Recorded exchanges, where they are at hand.
enum Recordings {
    static let folder: URL = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"] ?? "../shared/upstream"
        return URL(filePath: path, relativeTo: root).appending(path: "clash-of-clans")
    }()

    static var exist: Bool { FileManager.default.fileExists(atPath: folder.appending(path: "index.json").path) }

    static func body(_ file: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: folder.appending(path: file))) }
}

extension MockJSON {
    /// A whole number, or nothing for anything else.
    func int(_ name: String) -> Int? { self[name]?.intValue }
    /// A text, or nothing for anything else.
    func text(_ name: String) -> String? { self[name]?.stringValue }
    /// `true` or `false`, or nothing for anything else.
    func flag(_ name: String) -> Bool? { if case .bool(let value)? = self[name] { value } else { nil } }
    /// The elements of an array, or none.
    func list(_ name: String) -> [MockJSON] { self[name]?.arrayValue ?? [] }
    /// Whether a member is there and `null`.
    func isNull(_ name: String) -> Bool { if case .null? = self[name] { true } else { false } }
}
