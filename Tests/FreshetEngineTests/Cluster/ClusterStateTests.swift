import FreshetCore
import FreshetTesting
import Logging
import Testing

@testable import FreshetEngine

struct SourceRestsTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func `what is told is read as it was told`() {
        var rests = SourceRests()
        rests.add(
            .init(kind: .key, name: "k1", until: now + .seconds(60), reason: "429 \"slow\"", at: now, by: "a"))
        rests.add(.init(kind: .maintenance, name: "", until: nil, reason: "", at: now, by: "b"))
        rests.condition = SourceCondition(reason: "maintenance", until: now)
        #expect(SourceRests(stored: rests.bytes) == rests)
        #expect(SourceRests(stored: Array("nonsense".utf8)) == SourceRests())
    }

    @Test func `a later word takes the place of an earlier one about the same`() {
        var rests = SourceRests()
        rests.add(.init(kind: .key, name: "k1", until: now + .seconds(60), reason: "a", at: now, by: "a"))
        rests.add(.init(kind: .key, name: "k1", until: now, reason: "", at: now + .seconds(1), by: "b"))
        #expect(rests.entries.map(\.by) == ["b"])
        #expect(rests.entries[0].rest(at: now + .seconds(2)).remaining == .zero)
    }
}

struct MemberRecordTests {
    @Test func `a sign of life is read as it was written`() {
        let record = MemberRecord(
            name: "host-1-x", role: "worker", host: "host", pid: 7, version: "1.0",
            startedAt: Timestamp(seconds: 5), seenAt: Timestamp(seconds: 9), duties: ["line", "schedules"])
        #expect(MemberRecord(stored: record.bytes) == record)
        #expect(MemberRecord(stored: Array("{}".utf8)) == nil)
    }
}

struct RecentChangesTests {
    @Test func `a load that began before a change is told so, for a while`() {
        let recent = RecentChanges()
        let id = DocumentID(dataset: DatasetID(source: "s", name: "d"), key: "k")
        #expect(!recent.isNewer(than: 0, of: id))
        recent.note(id, version: 3)
        #expect(recent.isNewer(than: 2, of: id))
        #expect(!recent.isNewer(than: 3, of: id))
        for number in 0..<RecentChanges.most {
            recent.note(DocumentID(dataset: id.dataset, key: "\(number)"), version: 1)
        }
        #expect(recent.isNewer(than: 2, of: id), "the generation before is kept")
        for number in 0..<RecentChanges.most {
            recent.note(DocumentID(dataset: id.dataset, key: "\(number)"), version: 1)
        }
        #expect(!recent.isNewer(than: 2, of: id), "and no more than that")
    }
}
