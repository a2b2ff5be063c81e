import FreshetCore
import FreshetEngine

/// How a source stands: a word and a sign, never a colour alone.
struct HomeState: Sendable, Hashable {
    /// How bad it is; the worst is told first.
    enum Grade: Int, Comparable, Sendable {
        case fine, limited, down

        static func < (a: Grade, b: Grade) -> Bool { a.rawValue < b.rawValue }
    }

    /// `ok`, `limited`, `maintenance`, `stopped`, `no key`, `down`, `unknown`.
    let word: String
    let sign: String
    let grade: Grade
    /// What Freshet does next, without the time.
    let next: String

    /// `nil`: nothing is known of the source.
    init(_ status: SourceStatus?) {
        guard let status else {
            (word, sign, grade, next) = ("unknown", "○", .limited, "asks again while this page is open")
            return
        }
        switch status.health {
        case .ok: (word, sign, grade) = ("ok", "●", .fine)
        case .limited: (word, sign, grade) = ("limited", "◐", .limited)
        case .down:
            grade = .down
            switch status.condition {
            case "maintenance": (word, sign) = ("maintenance", "◆")
            case "stopped": (word, sign) = ("stopped", "■")
            case "key-parked", "key-disabled": (word, sign) = ("no key", "✕")
            default: (word, sign) = ("down", "▲")
            }
        }
        next = HomeState.next(status)
    }

    /// The CSS class of its colours.
    var style: String { grade == .fine ? "fine" : grade == .limited ? "limited" : "down" }

    private static func next(_ status: SourceStatus) -> String {
        switch status.condition {
        case "breaker-open", "maintenance": "sends one probe"
        case "stopped": "calls go again"
        case "quota": "calls go again"
        case "key-parked":
            status.until == nil ? "waits for you: freshet keys unpark" : "the first key is tried again"
        case "key-disabled": "waits for you: replace the key, then restart Freshet"
        default: status.health == .ok ? "refreshes what falls due" : "tries again by itself"
        }
    }
}
