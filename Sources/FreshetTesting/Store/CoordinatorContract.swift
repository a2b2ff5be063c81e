public import FreshetCore

/// What every `Coordinator` must do, as checks that any test framework can run.
public enum CoordinatorContract {
    /// Two members of one deployment, as two processes would be.
    public struct Members: Sendable {
        /// One member.
        public var one: any Coordinator
        /// Another member of the same deployment.
        public var other: any Coordinator
        /// Loses everything that the coordinator keeps, as a restart without data does.
        public var lose: @Sendable () async throws -> Void
        /// Lets time pass.
        public var pass: @Sendable (Duration) async throws -> Void

        /// Names what the checks need.
        public init(
            one: any Coordinator, other: any Coordinator, lose: @escaping @Sendable () async throws -> Void,
            pass: @escaping @Sendable (Duration) async throws -> Void
        ) {
            (self.one, self.other, self.lose, self.pass) = (one, other, lose, pass)
        }
    }

    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (Members) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (Members) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check on members of a deployment of its own and closes them.
        ///
        /// - Parameter make: Makes two members whose line was never begun.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the coordinator threw.
        public func run(_ make: () async throws -> Members) async throws {
            let members = try await make()
            do {
                try await body(members)
            } catch {
                await members.one.close()
                await members.other.close()
                throw error
            }
            await members.one.close()
            await members.other.close()
        }
    }

    /// Every check; the checks of a queue are among them.
    public static let all: [Check] = queue + epochs + numbered + fences + crowd + news + flights + end

    private static let queue: [Check] = StoreContract.jobs.map { check in
        Check("the line alone: \(check.name)") { members in
            try await members.one.line.begin(epoch: "first")
            try await check.run(members.one.line)
        }
    }
}

extension CoordinatorContract.Members {
    /// Begins a line that both go by.
    func begin(_ epoch: String = "first") async throws {
        try await one.line.begin(epoch: epoch)
        other.line.follow(epoch: epoch)
    }

    /// The line of one member with short words for it.
    var line: JobFixture { JobFixture(store: one.line) }

    /// The line of the other.
    var otherLine: JobFixture { JobFixture(store: other.line) }
}

/// Whether a call says that it cannot be served now.
func expectUnavailable<Value>(
    _ promise: String, file: String = #fileID, line: Int = #line, from call: () async throws(StoreError) -> Value
) async throws(ContractViolation) {
    try await expectError(
        { if case .unavailable = $0 { true } else { false } }, promise, file: file, line: line, from: call)
}
