import Testing

@testable import FreshetCore

@Suite struct StoredValuesTests {
    @Test func `hashes are the same in every version, because files hold them`() {
        #expect(RowHash.text("") == 0x34D2_FE82_DACC_AEA6)
        #expect(RowHash.text("abc", seed: 7) == 0xB851_51E9_F064_43D8)
        #expect(RowHash.text("a text of more than sixteen bytes") == 0xA4E0_7EEC_85E0_DF39)
        #expect(RowHash.integer(-5) == 0xDDDC_5CB2_51C5_155A)
        #expect(RowHash.text("a") != RowHash.text("b"))
        #expect(RowHash.text("aa", seed: 1) != RowHash.text("aa", seed: 2))
    }

    @Test(arguments: [0, 3, 6, 9])
    func `moments are written in the order of time`(digits: Int) {
        let moments: [(Int64, UInt32)] = [
            (-62_135_596_800, 0), (-1, 999_999_999), (0, 0), (0, 1_000), (0, 500_000_000), (1, 0), (951_782_400, 1),
            (253_402_300_799, 999_999_999),
        ]
        let texts = moments.map { StoredTime.text(seconds: $0.0, nanoseconds: $0.1, digits: digits) }
        #expect(texts == texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for (moment, text) in zip(moments, texts) {
            #expect(text == TimeText.print(seconds: moment.0, nanoseconds: moment.1, digits: digits))
        }
    }

    @Test(arguments: [
        ("$.a", ["a"]), ("$", []), ("$.a.b", ["a", "b"]), ("$['a b'].c", ["a b", "c"]), ("$[\"x\"]", ["x"]),
    ])
    func `a path of members is read`(path: String, members: [String]) {
        #expect(SpecRules.members(of: path) == members)
    }

    @Test(arguments: ["a", "$.a[*]", "$..a", "$.a[0]", "$.*", "$['a\\'b']", "$.a["])
    func `any other path is not`(path: String) { #expect(SpecRules.members(of: path) == nil) }
}
