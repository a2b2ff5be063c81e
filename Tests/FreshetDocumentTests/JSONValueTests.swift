import FreshetDocument
import Testing

struct JSONValueTests {
    @Test func `each kind is told and converts to itself only`() throws {
        let root = try json(#"[{}, [], "s", 1.5, true, false, null]"#)
        #expect(root.elements.map(\.kind) == [.object, .array, .string, .number, .bool, .bool, .null])
        #expect(root.elements.map(\.bool) == [nil, nil, nil, nil, true, false, nil])
        #expect(root.elements.map(\.string) == [nil, nil, "s", nil, nil, nil, nil])
        #expect(root.elements.map(\.double) == [nil, nil, nil, 1.5, nil, nil, nil])
        #expect(root.elements.map(\.isNull) == [false, false, false, false, false, false, true])
        #expect(root.elements.map(\.numberText) == [nil, nil, nil, "1.5", nil, nil, nil])
    }

    @Test func `raw bytes are exact, quotes and inner white space included`() throws {
        let root = try json(" { \"a\\u0041\" : [ 1 , {\"b\": 1e-09 } ] , \"s\":\"x\\ny\" } ")
        #expect(root.rawText == "{ \"a\\u0041\" : [ 1 , {\"b\": 1e-09 } ] , \"s\":\"x\\ny\" }")
        #expect(root["aA"]?.rawText == "[ 1 , {\"b\": 1e-09 } ]")
        #expect(root["aA"]?[1]?.rawText == "{\"b\": 1e-09 }")
        #expect(root["aA"]?[1]?["b"]?.numberText == "1e-09")
        #expect(root["s"]?.rawText == #""x\ny""#)
        #expect(root["s"]?.string == "x\ny")
        #expect(root["s"]?.byteRange.count == 6)
        #expect(root.members.map(\.key.rawText) == [#""a\u0041""#, #""s""#])
    }

    @Test func `a look-up takes the last of repeated keys, iteration shows all`() throws {
        let root = try json(#"{"a":1,"b":2,"\u0061":3}"#)
        #expect(root["a"]?.int64 == 3)
        #expect(root.count == 3)
        #expect(root.members.map { $0.value.int64 } == [1, 2, 3])
        #expect(root.members.map { $0.key.string } == ["a", "b", "a"])
    }

    @Test func `elements are found from both ends`() throws {
        let root = try json(#"[[0,[0]],"1",{"k":2}]"#)
        #expect(root[0]?.rawText == "[0,[0]]")
        #expect(root[2]?.rawText == #"{"k":2}"#)
        #expect(root[-1]?["k"]?.int64 == 2)
        #expect(root[-3]?.count == 2)
        #expect(root[3]?.rawText == nil)
        #expect(root[-4]?.rawText == nil)
        #expect(root["k"]?.rawText == nil)
        #expect(root[1]?[0]?.rawText == nil)
    }

    @Test func `keys are compared by their bytes, not by how they look`() throws {
        let root = try json("{\"e\u{301}\":1,\"\u{E9}\":2}")
        #expect(root["\u{E9}"]?.int64 == 2)
        #expect(root["e\u{301}"]?.int64 == 1)
        #expect(try json("\"\u{E9}\"").isString("\u{E9}"))
        #expect(try !json("\"\u{E9}\"").isString("e\u{301}"))
        #expect(try json(#""\u00e9""#).isString("\u{E9}"))
        #expect(try !json("1").isString("1"))
    }

    @Test func `escapes are resolved`() throws {
        #expect(try json(#""\"\\\/\b\f\n\r\t\u0000\u20ac\ud83d\ude00z""#).string == "\"\\/\u{8}\u{C}\n\r\t\u{0}€😀z")
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
        ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
        ("123456789012345678901234567890", nil),
    ])
    func `an integer is read when it fits, exactly`(text: String, expected: Int64?) throws {
        #expect(try json(text).int64 == expected)
        #expect(try json(text).numberText == text)
    }

    @Test func `an unsigned integer goes to the top of 64 bits`() throws {
        #expect(try json("18446744073709551615").uint64 == .max)
        #expect(try json("18446744073709551616").uint64 == nil)
        #expect(try json("-1").uint64 == nil)
        #expect(try json("-0").uint64 == 0)
    }

    @Test func `a double is the nearest one`() throws {
        for text in Tree.numbers + [
            "1e22", "1e23", "0.30000000000000004", "2.2250738585072014e-308", "999999999999999", "-12.345",
        ] {
            let value = try #require(try json(text).double)
            #expect(value == Double(text), "\(text)")
            #expect(value.sign == Double(text)?.sign, "\(text)")
        }
        #expect(try json("1e400").double == nil)
        #expect(try json("\"1\"").double == nil)
        var generator = SplitMix(4)
        for _ in 0..<2_000 {
            let text = "\(generator.below(1_000_000)).\(generator.below(1_000_000_000))"
            #expect(try json(text).double == Double(text))
        }
    }

    @Test func `generated documents read back as they were made`() throws {
        var generator = SplitMix(5)
        for _ in 0..<400 {
            let tree = Tree.random(&generator)
            #expect(rebuild(try JSONTape(tree.written(&generator)).root) == tree)
            #expect(try JSONTape(tree.compact).root.rawBytes == tree.compact[...])
        }
    }

    private func rebuild(_ value: JSONValue) -> Tree {
        switch value.kind {
        case .null: .null
        case .bool: .bool(value.bool ?? false)
        case .number: .number(value.numberText ?? "")
        case .string: .string(value.string ?? "")
        case .array: .array(value.elements.map(rebuild))
        case .object: .object(value.members.map { Tree.Member(key: $0.key.string ?? "", value: rebuild($0.value)) })
        }
    }
}
