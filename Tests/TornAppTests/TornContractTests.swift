import FreshetCore
import FreshetTesting
import Testing
import TornApp

@Suite struct `The contract of apps` {
    @Test(arguments: AppContract.all)
    func `the Torn app keeps it`(check: AppContract.Check) throws {
        try check.run(TornApp(Fixture.options))
        var few = Fixture.options
        few.endpoints = [.crimes: .init(), .serverTime: .init()]
        few.keys = [Fixture.main]
        try check.run(TornApp(few))
    }

    @Test func `an app that breaks it is found`() {
        struct Broken: App {
            static let name = "broken"
            var sources: [SourceConfig] { [SourceConfig(name: "a", baseURL: "http://h")] }
            var datasets: [DatasetConfig] {
                [DatasetConfig(id: DatasetID(source: "b", name: "x"), template: .root)]
            }
            var views: [ViewSpec] { [ViewSpec(name: "v", summary: "", tables: ["t"], sqlite: "SELECT 1")] }
            var routes: [AppRoute] { [AppRoute("GET", "r", .everyone, "") { _ in AppReply(body: []) }] }
        }
        let broken = AppContract.all.filter { check in (try? check.run(Broken())) == nil }.map(\.name)
        #expect(
            broken == [
                "every dataset belongs to a source of the app", "views read tables of the app",
                "routes begin with a slash and are told apart by method and pattern",
            ])
    }
}
