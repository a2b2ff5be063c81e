import FreshetCore
import FreshetMock
import NIOCore
import NIOHTTP1
import Synchronization
import TornApp

/// Options, keys and a clock for tests.
enum Fixture {
    static let main = TornOptions.Key(
        name: "main", id: "k-main", secret: Secret("AAAABBBBCCCCDDDD"), user: "1", faction: 40_832)
    static let second = TornOptions.Key(
        name: "second", id: "k-second", secret: Secret("EEEEFFFFGGGGHHHH"), user: "2", faction: 17_991)
    static let spare = TornOptions.Key(
        name: "spare", id: "k-spare", secret: Secret("IIIIJJJJKKKKLLLL"), user: "1", faction: 40_832)

    /// Two factions, two keys of the first and one of the second.
    static var options: TornOptions { TornOptions(factions: [17_991, 40_832], keys: [main, second, spare]) }

    /// When the generated world's first crime was created.
    static let origin: Int64 = 1_757_808_000
}

/// A wall clock that is moved by hand.
final class WallClock: Sendable {
    private let seconds: Mutex<Int64>

    init(_ seconds: Int64) { self.seconds = Mutex(seconds) }

    var now: Int64 {
        get { seconds.withLock { $0 } }
        set { seconds.withLock { $0 = newValue } }
    }

    var clock: MockClock {
        MockClock(monotonic: { .seconds(self.now) }, unix: { .seconds(self.now) })
    }
}

extension TornGenerator {
    /// The body of an answer, parsed.
    func get(_ target: String, key: String? = "AAAABBBBCCCCDDDD") throws -> MockJSON {
        let headers: HTTPHeaders = key.map { ["authorization": "ApiKey \($0)", "host": "torn.test"] } ?? [:]
        let response = respond(to: MockRequest(target: target, headers: headers, key: key))
        return try MockJSON(parsing: response.body.bytes.readableBytesView)
    }
}
