import Foundation
import Testing
import TornApp

@Suite struct `Reports for BigQuery` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Examples/torn/bigquery")

    /// `FRESHET_WRITE_DOCS=1` writes the files.
    @Test(arguments: TornReport.all(passRate: 70).map(\.name))
    func `the file of each report is what the app says`(name: String) throws {
        let report = try #require(TornReport.all(passRate: 70).first { $0.name == name })
        let file = Self.folder.appending(path: "\(name).sql")
        let text = report.bigQueryView(dataset: "torn")
        if ProcessInfo.processInfo.environment["FRESHET_WRITE_DOCS"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func `none of them speaks SQLite`() {
        for report in TornReport.all(passRate: 70) {
            let text = report.bigQuery(dataset: "p.d")
            for word in ["unixepoch", "'now'", "julianday"] { #expect(!text.contains(word), "\(report.name)") }
            for table in report.tables { #expect(text.contains("`p.d.\(table)`"), "\(report.name)") }
        }
    }
}
