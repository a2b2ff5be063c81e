import Testing

/// The documents of ``ConformanceTests``.
enum ConformanceCorpus {
    struct Sample: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]

        init(_ text: String) { bytes = Array(text.utf8) }

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var testDescription: String { String(decoding: bytes.prefix(40), as: UTF8.self).debugDescription }
    }

    /// A string whose content is these bytes.
    private static func quoted(_ bytes: UInt8...) -> Sample { Sample([0x22] + bytes + [0x22]) }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    // MARK: y

    static let accepted: [Sample] = acceptedTexts.map { Sample($0) } + acceptedBytes

    private static let acceptedTexts = [
        "null", "true", "false", "0", "-0", "42", "-1", "\"\"", "\"a\"", "[]", "{}", " [] ", "\n{}\t\r", "[[]   ]",
        "[\"\"]",
        "[null, 1, \"1\", {}]", "[1\n]", " [1]", "[2] ", "[1,null,null,null,2]", "{\"a\":1}", "{\"a\":null,\"b\":[]}",
        "{\"\":0}", "{\"a\":{\"a\":{}}}", "{\"a\":1,\"a\":2}", "{\"a\":\"b\",\"a\":\"b\"}",
        "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
        "[{\"a\":[{\"b\":[{}]}]}]", "{\"a\":[]}", "{\n\"a\": \"b\"\n}", "{\"title\":\"\\u041f\\u043e\"}",
        "{\"foo\\u0000bar\": 42}",
        "[0]", "[-0]", "[-0.0]", "[0e1]", "[0e+1]", "[0E-1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123e65]",
        "[20e1]", "[ 4]", "[-123]", "[-1]", "[123.456e78]", "[123.456789]", "[1e2]", "[1e+2]", "[1e-2]", "[1e-09]",
        "[0.000000000000000000000000000000000000000000001]", "[18446744073709551616]",
        "[-123123123123123123123123123123]", "[0.4e00669999999999999]", "[1.5e+9999]",
        "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]", "[\"\\\\a\"]",
        "[\"\\\\n\"]", "[\"\\u0012\"]", "[\"\\uFFFF\"]", "[\"\\u0000\"]", "[\"\\u2028\\u2029\"]",
        "[\"\\uDBFF\\uDFFF\"]",
        "[\"\\u005C\"]", "[\"\\u0022\"]", "[\"asd \"]", "[\"new\\u00A0line\"]", "[\"\u{10FFFF}\"]", "[\"\u{2028}\"]",
        "[\"\u{7F}\"]", "[\"€𝄞\"]", "[\"π\"]", "[\"\u{0821}\"]", "[\"\u{FEFF}\"]", "\" \"", "[\"\\u00e9\"]",
        "[\"\u{FFFF}\"]", "[\"1234567\"]", "[\"12345678\"]", "[\"123456789\"]", "[\"1234567\\n\"]", "[true,false,null]",
    ]

    private static let acceptedBytes = [
        quoted(0x7F), quoted(0xC2, 0x80), quoted(0xDF, 0xBF), quoted(0xE0, 0xA0, 0x80), quoted(0xED, 0x9F, 0xBF),
        quoted(0xEE, 0x80, 0x80), quoted(0xEF, 0xBF, 0xBF), quoted(0xF0, 0x90, 0x80, 0x80),
        quoted(0xF4, 0x8F, 0xBF, 0xBF),
        quoted(0xE1, 0x80, 0x80), quoted(0xF3, 0xBF, 0xBF, 0xBF), Sample(nested(512)),
    ]

    // MARK: n

    static let refused: [Sample] = refusedTexts.map { Sample($0) } + refusedBytes

    private static let refusedTexts = [
        "", " ", "\n", "[", "]", "{", "}", "[1,]", "[1,,2]", "[,1]", "[,]", "[,", "[1 2]", "[\"a\",,]", "[\"a\"", "[1",
        "[1,", "[1:2]", "[1}", "{1]", "[]]", "[[]", "[a]", "[*]", "[\"\": 1]", "[\"x\"]]", "[3[4]]", "[1]x", "[][]",
        "{}{}",
        "{} x", "{}#", "{}/**/", "[1]//x", "/*x*/[]", "# x\n[]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,,\"b\":2}", "{\"a\" \"b\"}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{[]:1}", "{\"a\":1 \"b\":2}",
        "{\"a\":1]", "{\"a\":[}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\"::1}", "{:1}", "{\"a\":1,\"b\"}",
        "{\"a\":\"b\"}}", "{\"a\",1}", "{ ", "tru", "nul", "fals", "truth", "True", "NULL", "nulll", "truee", "[nul]",
        "[tru]",
        "[False]", "01", "[01]", "[-01]", "[00]", "[-00.1]", "[1.]", "[.1]", "[-.1]", "[1.e1]", "[1e]", "[1e+]", "[1E]",
        "[0e]",
        "[0.e1]", "[1.2.3]", "[1e1.5]", "[1ee1]", "[+1]", "[++1]", "[--1]", "[-]", "-", "[- 1]", "[1-2]", "[0x1]",
        "[1a]",
        "[NaN]", "NaN", "[-NaN]", "[Infinity]", "[-Infinity]", "[1_000]", "[1,000.5,]", "[1 000]", "[0.1.2]", "[1e-]",
        "[１]", "[-a]", "'a'", "['a']", "\"", "[\"a]", "\"\\\"", "\"\\", "[\"\\x00\"]", "[\"\\a\"]", "[\"\\'\"]",
        "[\"\\0\"]",
        "[\"\\ \"]", "[\"\\\u{1F300}\"]", "[\"\\u\"]", "[\"\\u1\"]", "[\"\\u12\"]", "[\"\\u123\"]", "[\"\\u123g\"]",
        "[\"\\u 123\"]", "[\"\\U0041\"]", "[\"\\u-123\"]", "[\"\\u00A\"]", "\"\\u12", "[\"\\", "[\"\\u",
        "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800\\n\"]", "[\"\\ud800x\"]", "[\"\\ud800\\u0041\"]",
        "[\"\\ud800\\ud800\"]",
        "[\"\\udc00\\ud800\"]", "[\"\\ud83d\\", "[\"\\ud83d\\u", "[\"\\ud83d\\ude", "[\"\\ud83d\\u00e9\"]",
        "[\"\\uDFAA\"]",
        "[\"a\nb\"]", "[\"a\tb\"]", "[\"a\u{0}b\"]", "[\"\u{1F}\"]", "[\"12345678\u{1}\"]", "{\"a\u{1}\":1}",
        "[\u{0B}]",
        "[\u{0C}]", "[\u{A0}1]", "\u{FEFF}[]", "\u{2060}[]", "[\u{0}]", "[]\u{0}", "<null>", "[<null>]",
        "<html></html>", "undefined",
        "[undefined]", "abc", "é", "[é]", "*", "{\"a\":/*c*/1}", "[1/2]", "[\"a\" \"b\"]", "{\"\\ud800\":1}",
        "{\"\\x\":1}",
        "{\"a", "{\"a\\", "[{", "[{\"a\":[{\"a\":[", "{[", "[\\n]", "[\\u000A\"\"]", "(1)", "1,2", "1 2", "\"a\"\"b\"",
        "\"a\":1",
    ]

    private static let refusedBytes = [
        quoted(0x80), quoted(0xBF), quoted(0xC0, 0x80), quoted(0xC0, 0xAF), quoted(0xC1, 0xBF), quoted(0xC2),
        quoted(0xC2, 0x41),
        quoted(0xE0, 0x80, 0x80), quoted(0xE0, 0x9F, 0xBF), quoted(0xE1, 0x80), quoted(0xE1, 0x80, 0x41),
        quoted(0xED, 0xA0, 0x80),
        quoted(0xED, 0xBF, 0xBF), quoted(0xF0, 0x80, 0x80, 0x80), quoted(0xF0, 0x8F, 0xBF, 0xBF),
        quoted(0xF0, 0x9F, 0x98),
        quoted(0xF4, 0x90, 0x80, 0x80), quoted(0xF5, 0x80, 0x80, 0x80), quoted(0xFE), quoted(0xFF), quoted(0xFF, 0xFE),
        quoted(0x61, 0xE9), quoted(0xF0, 0x9F, 0x41, 0x80), quoted(0x5C, 0xE5), quoted(0x5C, 0x75, 0xE5),
        Sample([0xEF, 0xBB, 0xBF]), Sample([0xEF, 0xBB, 0xBF, 0x7B, 0x7D]), Sample([0xEF, 0xBB, 0x7B, 0x7D]),
        Sample([0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]), Sample([0x00, 0x5B, 0x00, 0x5D]), Sample([0x5B, 0xFF, 0x5D]),
        Sample([0x5B, 0x31, 0xE5, 0x5D]), Sample([0x22, 0xE2, 0x82]), Sample([0x22, 0xF0, 0x9F, 0x98]), Sample([0x00]),
        Sample(nested(513)), Sample(String(repeating: "[", count: 100_000)),
        Sample(String(repeating: "{\"\":", count: 50_000)),
    ]

    // MARK: i

    static let decided: [(Sample, Bool)] =
        [
            ("[1e400]", true), ("[-1e+9999]", true), ("[1e-400]", true), ("[123123e100000]", true),
            ("[0.4e0066999999999999999999999999999999999999999999]", true), ("[100000000000000000000]", true),
            ("{\"a\":1,\"a\":1}", true), (nested(500), true), (nested(600), false), ("\u{FEFF}{}", false),
            ("[\"\\uD888\\u1234\"]", false), ("[\"\\uDd1e\\uD834\"]", false), ("[\"\\uD800\\uD800\\n\"]", false),
            ("[\"\\uFDD0\"]", true),
        ].map { (Sample($0.0), $0.1) } + [(quoted(0xEF, 0xB7, 0x90), true)]
}
