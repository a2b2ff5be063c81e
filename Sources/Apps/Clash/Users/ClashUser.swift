import FreshetCore
import FreshetDocument

/// What the app keeps of a user; accounts and passwords are the issuer's.
struct ClashUser: Sendable, Hashable {
    /// The token's subject.
    var subject: String
    /// The player that the user is; without `#`.
    var playerTag: String?
    /// Whether the game has confirmed it.
    var isVerified = false
    /// The user's own weights of risk.
    var weights: RiskWeights?
    /// When the user tried to verify a token; only tries that still count.
    var verifyAttempts = AttemptLog()
    /// When the user invited somebody; only those that still count.
    var invites = AttemptLog()

    init(subject: String) { self.subject = subject }

    // MARK: JSON

    /// Reads a record; `nil` when the bytes are none.
    init?(subject: String, bytes: [UInt8]) {
        guard let root = try? JSONTape(bytes).root else { return nil }
        self.init(subject: subject)
        playerTag = root.text("player_tag")
        isVerified = root["is_verified"]?.bool ?? false
        weights = root["risk_weights"].flatMap(RiskWeights.init)
        verifyAttempts = AttemptLog(root["verify_attempts"])
        invites = AttemptLog(root["invites"])
    }

    /// The record as kept.
    var bytes: [UInt8] {
        JSONWriter.object { json in
            write(to: &json)
            json.field("verify_attempts", json: verifyAttempts.json)
            json.field("invites", json: invites.json)
        }
    }

    /// What the user may see.
    func write(to json: inout JSONWriter) {
        json.field("sub", subject)
        json.field("player_tag", playerTag)
        json.field("is_verified", isVerified)
        json.field("risk_weights", json: weights?.json)
    }
}

extension RiskWeights {
    /// Reads weights; what is left out has its default, and `nil` stands for weights that cannot be.
    init?(_ value: JSONValue) {
        guard value.kind == .object else { return nil }
        var weights = RiskWeights()
        for member in value.members {
            guard let share = member.value.double else { return nil }
            switch member.key.string {
            case "war": weights.war = share
            case "idle": weights.idle = share
            case "don_deficit": weights.deficit = share
            case "don_drop": weights.drop = share
            default: return nil
            }
        }
        guard weights.isValid else { return nil }
        self = weights
    }

    /// As a JSON object.
    var json: [UInt8] {
        JSONWriter.object { json in
            json.field("war", war)
            json.field("idle", idle)
            json.field("don_deficit", deficit)
            json.field("don_drop", drop)
        }
    }
}

/// When something was tried, in whole seconds, oldest first.
struct AttemptLog: Sendable, Hashable {
    private(set) var moments: [Int64] = []

    init() {}

    init(_ value: JSONValue?) { moments = value?.elements.compactMap(\.int64) ?? [] }

    /// Reads a log that is kept alone.
    init(bytes: [UInt8]) { self.init(try? JSONTape(bytes).root) }

    var json: [UInt8] { Array("[\(moments.map(String.init).joined(separator: ","))]".utf8) }

    /// Counts a try, unless there were as many as may be in the window.
    ///
    /// - Returns: Seconds until the next may be made when this may not; `nil` when it was counted.
    mutating func attempt(limit: Int, window: Duration, now: Timestamp) -> Int? {
        let length = window.components.seconds
        // What lies ahead was written by a clock that was wrong.
        moments.removeAll { $0 <= now.seconds - length || $0 > now.seconds }
        guard moments.count < limit else {
            let oldest = moments[moments.count - limit]
            return Int(max(1, oldest + length - now.seconds))
        }
        moments.append(now.seconds)
        return nil
    }
}
