import Synchronization

/// Joins identical work under way into one; what came of it is not remembered.
final class Flights<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let tasks = Mutex<[Key: Task<Value, any Error>]>([:])

    /// Whether work for the key is under way.
    func isUnderWay(_ key: Key) -> Bool { tasks.withLock { $0[key] != nil } }

    /// The result of `work`, or of the same work that somebody else has begun.
    func run(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = tasks.withLock { tasks -> Task<Value, any Error> in
            if let task = tasks[key] { return task }
            // Unstructured on purpose: it outlives a first caller whose connection goes away.
            let task = Task {
                defer { self.tasks.withLock { _ = $0.removeValue(forKey: key) } }
                return try await work()
            }
            tasks[key] = task
            return task
        }
        return try await task.value
    }
}
