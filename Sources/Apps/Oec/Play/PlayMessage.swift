import FreshetCore
import FreshetDocument

/// What a client says, read and checked.
struct PlayMessage: Sendable {
    /// What is wished.
    enum Wish: Sendable {
        case join(Join)
        case computer
        case leaveQueue
        case play(country: String, round: Int)
        case state
        case rejoin(game: String, secret: String)
        case heartbeat(timestamp: [UInt8]?)
        case quit
        case leaving
    }

    /// Who comes, and to which room.
    struct Join: Sendable {
        var user: String?
        var secret: String?
        var name: String?
        var room: String?
        /// Whether the opponent is to be the computer, at once.
        var isForComputer = false
    }

    var wish: Wish
    /// What the client named the message, as JSON.
    var ref: [UInt8]?

    /// The longest `ref` that is repeated, in bytes.
    private static let refLimit = 128

    /// Why a message is none.
    struct Fault: Error {
        var text: String
        var ref: [UInt8]?
    }

    init(_ text: String) throws(Fault) {
        guard let root = try? JSONTape(Array(text.utf8)).root, root.kind == .object else {
            throw Fault(text: "A message is a JSON object with a type.")
        }
        ref = Self.scalar(root["ref"])
        do {
            wish = try Self.wish(root)
        } catch {
            throw Fault(text: error.text, ref: ref)
        }
    }

    private static func wish(_ root: JSONValue) throws(Fault) -> Wish {
        switch root["type"]?.string {
        case "join_game":
            let opponent = try text(root, "opponent")
            guard opponent == nil || opponent == "cpu" else { throw Fault(text: "opponent is cpu, or left out.") }
            return .join(
                Join(
                    user: try text(root, "user_id"), secret: try text(root, "secret"), name: try text(root, "name"),
                    room: try text(root, "room_code"), isForComputer: opponent != nil))
        case "play_cpu": return .computer
        case "leave_queue": return .leaveQueue
        case "play_card":
            guard let country = try text(root, "country_code"), let round = root["round_number"]?.int64 else {
                throw Fault(text: "play_card needs country_code and round_number.")
            }
            return .play(country: country, round: Int(round))
        case "get_game_state": return .state
        case "rejoin_game":
            guard let game = try text(root, "game_id"), let secret = try text(root, "seat_secret") else {
                throw Fault(text: "rejoin_game needs game_id and seat_secret.")
            }
            return .rejoin(game: game, secret: secret)
        case "heartbeat": return .heartbeat(timestamp: scalar(root["timestamp"]))
        case "quit_game": return .quit
        case "player_leaving": return .leaving
        case .some: throw Fault(text: "There is no such type; the reference lists them.")
        case nil: throw Fault(text: "A message is a JSON object with a type.")
        }
    }

    /// A text; `nil` when it is missing, `null` or empty.
    private static func text(_ root: JSONValue, _ name: String) throws(Fault) -> String? {
        guard let value = root[name], !value.isNull else { return nil }
        guard let text = value.string, text.utf8.count <= 256 else {
            throw Fault(text: "\(name) is a text of at most 256 bytes.")
        }
        return text.isEmpty ? nil : text
    }

    private static func scalar(_ value: JSONValue?) -> [UInt8]? {
        guard let value, value.kind == .string || value.kind == .number, value.rawBytes.count <= refLimit else {
            return nil
        }
        return Array(value.rawBytes)
    }
}

/// Why a wish was refused, as the client is told.
enum PlayFault: String, Sendable, Error {
    case badMessage = "bad_message"
    case nameInvalid = "name_invalid"
    case unknownUser = "unknown_user"
    case wrongSecret = "wrong_secret"
    case alreadyPlaying = "already_playing"
    case notWaiting = "not_waiting"
    case roomNotFound = "room_not_found"
    case noGame = "no_game"
    case notNow = "not_now"
    case alreadyPlayed = "already_played"
    case notInHand = "not_in_hand"
    case staleRound = "stale_round"
    case gameOver = "game_over"
    case tooMany = "too_many"
    case tooManyGames = "too_many_games"
    case noData = "no_data"
    case unavailable

    init(_ refusal: Game.Refusal) {
        self =
            switch refusal {
            case .notNow: .notNow
            case .alreadyPlayed: .alreadyPlayed
            case .notInHand: .notInHand
            case .over: .gameOver
            case .noSeat: .noGame
            case .wrongSecret: .wrongSecret
            }
    }

    /// What happened and what can be done.
    var text: String {
        switch self {
        case .badMessage: "The message is not understood."
        case .nameInvalid: "Name can only contain letters, numbers, and spaces, 20 characters at most."
        case .unknownUser: "There is no such player. Join without user_id to play as a new guest."
        case .wrongSecret: "That is not the secret."
        case .alreadyPlaying:
            "You are already in a game. Come back to it with rejoin_game, or give it up with quit_game."
        case .notWaiting: "You are not waiting for a game. Send join_game first."
        case .roomNotFound: "Room not found or expired."
        case .noGame: "There is no such game."
        case .notNow: "No card is taken now: the values are shown, the time is up, or a player is away."
        case .alreadyPlayed: "Your card is down already."
        case .notInHand: "That card is not in your hand."
        case .staleRound: "That round is not the one that is played."
        case .gameOver: "The game is over."
        case .tooMany: "Too many wishes from here. Wait a moment."
        case .tooManyGames: "Too many games are played here. Try again in a moment."
        case .noData: "There are no values to play with yet. You are seated as soon as there are."
        case .unavailable: "This cannot be answered just now. Try again in a moment."
        }
    }
}
