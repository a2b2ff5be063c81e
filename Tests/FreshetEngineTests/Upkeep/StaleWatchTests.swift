import FreshetCore
import FreshetDocument
import Testing

@testable import FreshetEngine

struct StaleWatchTests {
    private func event(_ state: DocumentState, sourceReason: String? = nil) throws -> (NewEvent, JSONTape) {
        let id = DocumentID(dataset: try #require(DatasetID("clash.clan")), key: "A")
        let event = StaleWatch.event(id, state, sourceReason: sourceReason)
        return (event, try JSONTape(event.payload))
    }

    @Test func `the reason is what reads say, the times are those of the document`() throws {
        var state = DocumentState()
        state.presence = .live
        (state.lastUpdated, state.freshUntil) = (Timestamp(seconds: 1_800_000_000), Timestamp(seconds: 1_800_000_600))
        let (event, payload) = try event(state)
        #expect(event.type == "dataset.stale" && event.source == "clash" && event.document?.key == "A")
        #expect(payload.root["reason"]?.string == "expired")
        #expect(payload.root["last_updated"]?.string == "2027-01-15T08:00:00Z")
        #expect(payload.root["fresh_until"]?.string == "2027-01-15T08:10:00Z")
        #expect(try self.event(state, sourceReason: "maintenance").1.root["reason"]?.string == "maintenance")
        state.failure = FailureNote(kind: "upstream-503", message: "it answered 503", at: Timestamp(seconds: 0))
        #expect(try self.event(state, sourceReason: "maintenance").1.root["reason"]?.string == "upstream-503")
        #expect(try self.event(state).1.root["message"]?.string == "it answered 503")
        state.consecutiveNotFound = 1
        #expect(try self.event(state).1.root["reason"]?.string == "gone")
    }
}
