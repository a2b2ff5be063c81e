import FreshetCore
import Testing

@Suite struct BackfillWindowTests {
    @Test(
        arguments: [
            ("2018", "2021", nil, ["2018", "2019", "2020", "2021"]),
            ("1", "10", "4", ["1", "5", "9"]),
            ("7", "7", nil, ["7"]),
            ("2024-11", "2025-02", nil, ["2024-11", "2024-12", "2025-01", "2025-02"]),
            ("2019-06", "2021-07", "P1Y", ["2019-06", "2020-06", "2021-06"]),
            ("2024-02-27", "2024-03-01", nil, ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]),
            ("20231230", "20240102", "P1D", ["20231230", "20231231", "20240101", "20240102"]),
            ("2024-01-01", "2024-01-20", "P1W", ["2024-01-01", "2024-01-08", "2024-01-15"]),
            ("1969-12-31", "1970-01-01", nil, ["1969-12-31", "1970-01-01"]),
        ] as [(String, String, String?, [String])])
    func `the values run from end to end, written as the first one`(
        from: String, to: String, step: String?, wanted: [String]
    ) throws {
        let window = try BackfillWindow(from: from, to: to, step: step)
        #expect((0..<window.count).map(window.value) == wanted)
    }

    @Test(
        arguments: [
            ("x", "2020", nil), ("2020", "x", nil), ("2020", "2019", nil), ("2020", "2020-01", nil), ("007", "9", nil),
            ("2024-13", "2024-14", nil), ("2023-02-29", "2023-03-01", nil), ("1", "5", "0"), ("1", "5", "P1D"),
            ("2024-01", "2024-05", "P1D"), ("2024-01-01", "2024-05-01", "P1M"), ("2024-01-01", "2024-05-01", "PT1H"),
            ("1", "1000001", nil), ("", "1", nil), ("-3", "1", nil),
        ] as [(String, String, String?)])
    func `what cannot be a window says why`(from: String, to: String, step: String?) {
        #expect(throws: BackfillError.self) { try BackfillWindow(from: from, to: to, step: step) }
    }
}
