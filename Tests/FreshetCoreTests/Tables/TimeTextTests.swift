import FreshetCore
import Testing

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("2023-05-28T14:42:40.250Z", 1_685_284_960, 250_000_000), ("2023-05-28T14:42Z", 1_685_284_920, 0),
        ("2023-05-28 14:42:40", 1_685_284_960, 0), ("20230528T144240.000Z", 1_685_284_960, 0),
        ("2023-05-28T16:42:40+02:00", 1_685_284_960, 0), ("2023-05-28T16:42:40+0200", 1_685_284_960, 0),
        ("2023-05-28t14:42:40.000000001z", 1_685_284_960, 1), ("2023-05-28", 1_685_232_000, 0),
        ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
    ])
    func `ISO moments are read in all their spellings`(text: String, seconds: Int64, nanoseconds: UInt32) throws {
        let moment = try #require(TimeText.parse(text.utf8, format: .iso))
        #expect(moment == (seconds, nanoseconds))
    }

    @Test(arguments: [
        "", "2023", "2023-02-29", "2023-13-01T00:00Z", "2023-05-28T24:00Z", "2023-05-28T14:42:60Z",
        "2023-05-28T14:42:40.Z", "2023-05-28T14:42:40.1234567891Z", "0000-01-01T00:00Z", "0001-01-01T00:00+01:00",
        "2023-05-28T14:42ZZ", "2023-05-28T14", "２０２３-05-28",
    ])
    func `what is no moment is not read`(text: String) {
        #expect(TimeText.parse(text.utf8, format: .iso) == nil)
        #expect(text.withContiguousUTF8 { TimeForm.read($0) } == nil)
    }

    @Test(arguments: [
        (TimeFormat.unixSeconds, "1685284960", 1_685_284_960, 0),
        (.unixSeconds, "1685284960.000000001", 1_685_284_960, 1), (.unixSeconds, "-0.5", -1, 500_000_000),
        (.unixSeconds, "1.685284960e9", 1_685_284_960, 0),
        (.unixMilliseconds, "1685284960250", 1_685_284_960, 250_000_000),
        (.unixMicroseconds, "1685284960250001", 1_685_284_960, 250_001_000),
        (.unixNanoseconds, "1685284960250001002", 1_685_284_960, 250_001_002),
        (.dayMonthYear, "28.05.2023", 1_685_232_000, 0), (.dayMonthYear, "28.05.2023 14:42", 1_685_284_920, 0),
        (.dayMonthYear, "28.05.2023 14:42:40", 1_685_284_960, 0),
    ])
    func `counts and other orders are read by declaration`(
        format: TimeFormat, text: String, seconds: Int64, nanoseconds: UInt32
    ) throws {
        let moment = try #require(TimeText.parse(text.utf8, format: format))
        #expect(moment == (seconds, nanoseconds))
    }

    @Test(arguments: [
        "0.0000000001", "1e300", "99999999999999", "-", "", "1.2.3", "12a", "1e", "1e99999999999999999999",
    ])
    func `a count that is finer than nanoseconds or out of range is not read`(text: String) {
        #expect(TimeText.parse(text.utf8, format: .unixSeconds) == nil)
    }

    @Test func `days are read and written`() {
        #expect(TimeText.parseDate("2023-05-28".utf8) == 19_505)
        #expect(TimeText.parseDate("20230528".utf8) == 19_505)
        #expect(TimeText.parseDate("28.05.2023".utf8, format: .dayMonthYear) == 19_505)
        #expect(TimeText.parseDate("28.05.2023 10:00".utf8, format: .dayMonthYear) == nil)
        #expect(TimeText.parseDate("1685232000".utf8, format: .unixSeconds) == 19_505)
        #expect(TimeText.parseDate("1685232001".utf8, format: .unixSeconds) == nil)
        #expect(TimeText.printDate(days: 19_505) == "2023-05-28")
        #expect(TimeText.printDate(days: -1) == "1969-12-31")
    }

    @Test func `a moment is written with the digits asked for`() {
        #expect(TimeText.print(seconds: 1_685_284_960, nanoseconds: 250_001_002, digits: 0) == "2023-05-28T14:42:40Z")
        #expect(
            TimeText.print(seconds: 1_685_284_960, nanoseconds: 250_001_002, digits: 3) == "2023-05-28T14:42:40.250Z")
        let fine = TimeText.print(seconds: -1, nanoseconds: 1, digits: 9)
        #expect(fine == "1969-12-31T23:59:59.000000001Z")
    }

    @Test func `every text that a form takes is written back exactly, also by its code`() throws {
        var seed: UInt64 = 7
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        func two(_ bound: Int, from: Int = 0) -> String {
            let text = String(next(bound) + from)
            return text.count == 1 ? "0" + text : text
        }
        for _ in 0..<5_000 {
            let isCompact = next(4) == 0
            let (dash, colon) = isCompact ? ("", "") : ("-", ":")
            var text = "\(1000 + next(9000))" + dash + two(12, from: 1) + dash + two(28, from: 1)
            text += !isCompact && next(2) == 0 ? " " : "T"
            text += two(24) + colon + two(60)
            if next(4) > 0 {
                text += colon + two(60)
                if next(2) == 0 { text += "." + (0...next(9)).map { _ in String(next(10)) }.joined() }
            }
            text += ["", "Z", "+" + two(14) + ":" + two(60), "-" + two(14) + ":" + two(60)][next(isCompact ? 2 : 4)]
            let read = try #require(text.withContiguousUTF8 { TimeForm.read($0) }, "\(text)")
            #expect(read.form.print(seconds: read.seconds, nanoseconds: read.nanoseconds) == text)
            let coded = try #require(TimeForm(code: read.form.code))
            #expect(coded == read.form)
            let lenient = try #require(TimeText.parse(text.utf8, format: .iso))
            #expect(lenient == (read.seconds, read.nanoseconds))
        }
        #expect(TimeForm(code: "T3Zx") == nil)
        #expect(TimeForm(code: "X3Z") == nil)
    }
}

extension String {
    fileprivate func withContiguousUTF8<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var copy = self
        return copy.withUTF8(body)
    }
}
