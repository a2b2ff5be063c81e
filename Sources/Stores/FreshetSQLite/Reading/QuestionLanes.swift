import Dispatch
import Synchronization

/// Threads for the SQL of users, which may take a minute.
///
/// Each lane is a serial queue and so brings a thread of its own. Work of a concurrent queue runs on the threads that Swift's
/// tasks run on, where as many long questions as there are cores would hold up every other request.
final class QuestionLanes: Sendable {
    static let shared = QuestionLanes(count: 4)

    private let lanes: [DispatchQueue]
    /// Questions that run or wait, by lane.
    private let load: Mutex<[Int]>

    init(count: Int) {
        lanes = (0..<count).map { DispatchQueue(label: "freshet.sqlite.question.\($0)") }
        load = Mutex([Int](repeating: 0, count: count))
    }

    /// Runs `body` on the lane with the least to do, after what waits there.
    func run(_ body: @escaping @Sendable () -> Void) {
        let lane = load.withLock { load -> Int in
            let lane = load.indices.min { load[$0] < load[$1] } ?? 0
            load[lane] += 1
            return lane
        }
        lanes[lane].async {
            body()
            self.load.withLock { $0[lane] -= 1 }
        }
    }
}
