import FreshetCore
import Testing

@testable import FreshetExport

@Suite struct TextTests {
    private static func json(_ value: TableValue) -> String {
        var bytes: [UInt8] = []
        JSONRows.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func csv(_ rows: [[TableValue]]) -> String {
        var bytes: [UInt8] = []
        for row in rows { CSVRows().append(row, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (TableValue.null, "null"), (.integer(.min), "-9223372036854775808"), (.decimal("1.50"), "1.50"),
        (.decimal("123456789012345678901234567890"), "123456789012345678901234567890"),
        (.decimal("-1E+400"), "-1E+400"),
        (.decimal("1."), "\"1.\""), (.decimal("NaN"), "\"NaN\""), (.float(0.1), "0.1"), (.float(1e300), "1e+300"),
        (.float(.infinity), "null"), (.boolean(true), "true"), (.boolean(false), "false"),
        (.text("a\"b\\c\n\r\t\u{1}\u{1F}é😀"), #""a\"b\\c\n\r\t\u0001\u001fé😀""#),
        (.timestamp(seconds: 1_685_284_960, nanoseconds: 0), "\"2023-05-28T14:42:40Z\""),
        (.date(days: -1), "\"1969-12-31\""), (.json("{\"a\":\r\n[1]}"), "{\"a\":  [1]}"),
    ])
    func `a value is the JSON that says it exactly`(value: TableValue, text: String) {
        #expect(Self.json(value) == text)
    }

    @Test func `an object never has a member twice`() {
        var bytes: [UInt8] = []
        JSONRows(columns: ["id", "id", "id_2", "id"]).appendObject(
            [.integer(1), .integer(2), .integer(3), .null], to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"id":1,"id_3":2,"id_2":3,"id_4":null}"#)
    }

    @Test func `CSV quotes what needs it and tells null from empty`() {
        let rows: [[TableValue]] = [
            [.null, .text(""), .text("a,b"), .text("say \"x\"")],
            [.text("line\nend"), .text("\r"), .text(" plain "), .json(#"{"a":1}"#)],
            [.boolean(true), .decimal("1.50"), .float(2), .timestamp(seconds: 0, nanoseconds: 1)],
        ]
        #expect(
            Self.csv(rows) == ",\"\",\"a,b\",\"say \"\"x\"\"\"\r\n\"line\nend\",\"\r\", plain ,\"{\"\"a\"\":1}\"\r\n"
                + "true,1.50,2.0,1970-01-01T00:00:00.000000001Z\r\n")
        var header: [UInt8] = []
        CSVRows().appendHeader(["a", "b,c"], to: &header)
        #expect(String(decoding: header, as: UTF8.self) == "a,\"b,c\"\r\n")
    }

    @Test(arguments: [
        (Int64(0), UInt32(0), "1970-01-01T00:00:00Z"), (-1, 250_000_000, "1969-12-31T23:59:59.250Z"),
        (951_782_400, 1000, "2000-02-29T00:00:00.000001Z"),
        (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ])
    func `a moment has the fraction that it needs`(seconds: Int64, nanoseconds: UInt32, text: String) {
        #expect(PlainText.text(.timestamp(seconds: seconds, nanoseconds: nanoseconds)) == text)
    }

    @Test(arguments: [
        ("0", 0, 0, "0"), ("-12.50", 2, 1, "-1250"), ("1e3", 0, 0, "1000"), ("1.5E-3", 4, 4, "15"),
        ("0.000", 3, 0, "0"),
        ("12.50e1", 1, 0, "1250"), ("0e999999", 0, 0, "0"), ("1e38", 0, 0, nil),
        ("99999999999999999999999999999999999999", 0, 0, "99999999999999999999999999999999999999"),
    ])
    func `a decimal knows its scale and its whole number`(text: String, written: Int, needed: Int, whole: String?)
        throws
    {
        let number = try #require(DecimalText(text))
        #expect(number.scale == written && number.neededScale == needed)
        #expect(number.unscaled(number.scale).map { "\($0)" } == whole)
    }

    @Test func `a decimal is not cut to a scale that loses digits`() throws {
        let number = try #require(DecimalText("1.25"))
        #expect(number.unscaled(1) == nil && number.unscaled(4) == 12_500)
        #expect(DecimalText("1e999999") == nil && DecimalText("01") == nil && DecimalText("1e") == nil)
        #expect(DecimalText("0.10")?.unscaled(1) == 1)
    }
}
