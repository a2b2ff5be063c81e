import FreshetCore
import Testing

@testable import FreshetPostgres

@Suite struct PGErrorTests {
    private static func word(_ state: String, _ message: String = "it says") -> StoreError {
        PGError(kind: .server, sqlState: state, message: message).storeError
    }

    @Test(arguments: ["53100", "53200", "58030", "25006", "42501", "23505"])
    func `what keeps the server from writing is told as such`(state: String) {
        guard case .cannotWrite = Self.word(state) else {
            Issue.record("\(state): \(Self.word(state))")
            return
        }
    }

    @Test(arguments: ["53300", "57P01", "57P03", "57014", "40001", "XX000", "08006"])
    func `what may pass by itself is told as unavailable`(state: String) {
        guard case .unavailable = Self.word(state) else {
            Issue.record("\(state): \(Self.word(state))")
            return
        }
    }

    @Test func `damage and refusals have words of their own`() {
        guard case .corrupt = Self.word("XX001"), case .refused = Self.word("22P02"), case .refused = Self.word("54000")
        else {
            Issue.record("other words")
            return
        }
    }

    @Test(arguments: ["22P02", "23505", "XX000", "P0001", "21000"])
    func `words of the server that can quote values are left out`(state: String) {
        let error = PGError(
            kind: .server, sqlState: state, message: "invalid input: s3cret", names: "constraint jobs_key")
        #expect(!"\(error.storeError)".contains("s3cret"))
        #expect("\(error.storeError)".contains(state))
    }

    @Test func `a connection that was ended by the server cannot be used again`() {
        for state in ["57P01", "57P02", "25P03"] {
            #expect(PGError(kind: .server, sqlState: state).isConnectionLost)
        }
        #expect(!PGError(kind: .server, sqlState: "23505").isConnectionLost)
        #expect(PGError(kind: .server, sqlState: "40P01").isTransient)
    }
}
