public import FreshetCore

/// What every `Store` must do, as checks that any test framework can run.
///
/// ```swift
/// @Test(arguments: StoreContract.all)
/// func `the store keeps the contract`(check: StoreContract.Check) async throws {
///     try await check.run { MyStore() }
/// }
/// ```
public enum StoreContract {
    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (ContractFixture) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (ContractFixture) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        init(_ check: JobCheck) { self.init(check.name) { try await check.body(JobFixture(store: $0.store)) } }

        /// The name.
        public var description: String { name }

        /// Runs the check on a store of its own and closes it.
        ///
        /// - Parameter makeStore: Makes an empty store.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the store threw.
        public func run(_ makeStore: () async throws -> any Store) async throws {
            let store = try await makeStore()
            do {
                try await body(ContractFixture(store: store))
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    /// One promise of the queue, by name.
    public struct JobCheck: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        fileprivate let body: @Sendable (JobFixture) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (JobFixture) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check on an empty queue.
        ///
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the queue threw.
        public func run(_ queue: any JobStore) async throws { try await body(JobFixture(store: queue)) }
    }

    /// Every check.
    public static let all: [Check] =
        documents + history + staleness + census + jobs.map(Check.init) + commits + events + smallThings + concurrency

    /// The checks of the queue alone, for whatever is a `JobStore` and no more.
    public static let jobs: [JobCheck] = enqueuing + leasing + ends + recovery + queueQuestions + restore
}

/// A promise that a store did not keep.
public struct ContractViolation: Error, CustomStringConvertible, Sendable {
    /// What was promised and what was seen, with the place in the suite.
    public let description: String

    init(_ text: String, _ file: String, _ line: Int) { description = "\(text) (\(file):\(line))" }
}

func expect(
    _ condition: Bool, _ promise: @autoclosure () -> String, file: String = #fileID, line: Int = #line
) throws(ContractViolation) {
    if !condition { throw ContractViolation("not kept: \(promise())", file, line) }
}

func expectEqual<Value: Equatable>(
    _ found: Value, _ wanted: Value, _ promise: String = "equal values", file: String = #fileID, line: Int = #line
) throws(ContractViolation) {
    if found != wanted {
        throw ContractViolation("\(promise): found \(found), wanted \(wanted)", file, line)
    }
}

func require<Value>(
    _ value: Value?, _ promise: String = "a value", file: String = #fileID, line: Int = #line
) throws(ContractViolation) -> Value {
    guard let value else { throw ContractViolation("\(promise): found nothing", file, line) }
    return value
}

func expectError<Value>(
    _ wanted: (StoreError) -> Bool, _ promise: String, file: String = #fileID, line: Int = #line,
    from call: () async throws(StoreError) -> Value
) async throws(ContractViolation) {
    do {
        _ = try await call()
    } catch {
        if !wanted(error) { throw ContractViolation("\(promise): threw \(error)", file, line) }
        return
    }
    throw ContractViolation("\(promise): nothing was thrown", file, line)
}
