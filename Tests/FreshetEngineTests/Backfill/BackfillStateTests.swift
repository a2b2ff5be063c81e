import FreshetCore
import Testing

@testable import FreshetEngine

@Suite struct BackfillStateTests {
    private func config(_ path: String) throws -> DatasetConfig {
        DatasetConfig(id: DatasetID(source: "trade", name: "exports"), template: try PathTemplate(path))
    }

    private func state(_ series: [String]) throws -> BackfillState {
        BackfillState(
            dataset: DatasetID(source: "trade", name: "exports"), parameter: "year",
            window: try BackfillWindow(from: "2021", to: "2023"), series: series, refetches: false,
            startedAt: Timestamp(seconds: 1000))
    }

    @Test func `it runs through all series of a window before the next`() throws {
        let (config, state) = (try config("/x/{year}/{product}/{country}"), try state(["a/de", "b%2F1/fr"]))
        #expect(state.total == 6)
        #expect(
            (0..<6).map { state.key(at: $0, of: config) } == [
                "2021/a/de", "2021/b%2F1/fr", "2022/a/de", "2022/b%2F1/fr", "2023/a/de", "2023/b%2F1/fr",
            ])
    }

    @Test func `a dataset of one parameter has one series without a name`() throws {
        let (config, state) = (try config("/x/{year}"), try state([""]))
        #expect((0..<state.total).map { state.key(at: $0, of: config) } == ["2021", "2022", "2023"])
    }

    @Test func `series that do not fit the dataset make no key`() throws {
        #expect(try state(["a/b"]).key(at: 0, of: try config("/x/{year}/{product}")) == nil)
        #expect(try self.state([""]).key(at: 0, of: try config("/x/{year}/{product}")) == nil)
    }

    @Test func `what is kept is read back`() throws {
        var state = try state(["a", "b"])
        (state.done, state.skipped, state.missing) = (4, 2, 1)
        (state.failed, state.again, state.isStopped) = (["2021/a"], ["2022/b"], true)
        state.endedAt = Timestamp(seconds: 2000)
        #expect(BackfillState(state.encode(), dataset: state.dataset) == state)
        #expect(BackfillState(Array("{}".utf8), dataset: state.dataset) == nil)
        #expect(BackfillState([], dataset: state.dataset) == nil)
    }
}
