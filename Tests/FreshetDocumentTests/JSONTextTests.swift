import FreshetDocument
import Testing

struct JSONWriterTests {
    private func sample(_ style: JSONWriter.Style) -> JSONWriter {
        var json = JSONWriter(style: style)
        json.beginObject()
        json.field("s", "a\"b")
        json.field("none", nil as String?)
        json.key("list")
        json.beginArray()
        json.int(-5)
        json.uint(UInt64.max)
        json.double(0.1)
        json.double(.nan)
        json.bool(true)
        json.null()
        json.beginObject()
        json.endObject()
        json.raw("[1e-09]".utf8)
        json.endArray()
        json.key("empty")
        json.beginArray()
        json.endArray()
        json.field("n", Int.min)
        json.endObject()
        return json
    }

    @Test func `compact has no white space`() {
        #expect(
            sample(.compact).text
                == #"{"s":"a\"b","none":null,"list":[-5,18446744073709551615,0.1,null,true,null,{},[1e-09]],"#
                + #""empty":[],"n":-9223372036854775808}"#)
    }

    @Test func `pretty has one value per line`() {
        #expect(
            sample(.pretty).text == """
                {
                  "s": "a\\"b",
                  "none": null,
                  "list": [
                    -5,
                    18446744073709551615,
                    0.1,
                    null,
                    true,
                    null,
                    {},
                    [1e-09]
                  ],
                  "empty": [],
                  "n": -9223372036854775808
                }
                """)
    }

    @Test func `a document is laid out anew with its scalars exact`() throws {
        var pretty = JSONWriter(style: .pretty)
        pretty.beginArray()
        pretty.value(try json(#"{"\u0041":[1.0,{}],"b":{"c":"\/"}}"#))
        pretty.value(try json("[]"))
        pretty.endArray()
        #expect(
            pretty.text == #"""
                [
                  {
                    "\u0041": [
                      1.0,
                      {}
                    ],
                    "b": {
                      "c": "\/"
                    }
                  },
                  []
                ]
                """#)
        var compact = JSONWriter()
        compact.value(try json(" { \"a\": 1 } "))
        #expect(compact.text == "{ \"a\": 1 }")
    }

    @Test func `what is written reads back`() throws {
        var generator = SplitMix(9)
        for _ in 0..<200 {
            let tree = Tree.random(&generator)
            let root = try JSONTape(tree.written(&generator)).root
            for style in [JSONWriter.Style.compact, .pretty] {
                var writer = JSONWriter(style: style)
                writer.value(root)
                #expect(Fingerprint(of: try JSONTape(writer.bytes).root) == Fingerprint(of: root))
            }
        }
        for value in [0.1, 1e21, 1e-7, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123_456_789.125] {
            var writer = JSONWriter()
            writer.double(value)
            #expect(try JSONTape(writer.bytes).root.double == value)
        }
    }

    @Test func `every character survives escaping`() throws {
        for value in 0..<0x3000 {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let text = "a" + String(scalar) + "b"
            #expect(try json(JSONEscape.quoted(text)).string == text)
        }
        #expect(
            JSONEscape.quoted("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}\u{7F}/\"\\é") == #""\u0000\b\t\n\u000b\f\r\u001f"#
                + "\u{7F}/" + #"\"\\é""#)
    }
}

struct JSONSpliceTests {
    private func merge(_ pages: [String], _ path: String) throws -> String {
        String(
            decoding: try JSONSplice.merge(pages: pages.map { Array($0.utf8) }, items: try JSONPath(path)),
            as: UTF8.self)
    }

    @Test func `the first page keeps its bytes and gets all items`() throws {
        let joined = try merge(
            [
                #"{ "n": 3, "items": [ {"a": 1.0} , {"b":1e-09} ], "next": "p2" }"#,
                #"{"items":[3, "x]" ],"next":null}"#,
            ], "$.items")
        #expect(joined == #"{ "n": 3, "items": [ {"a": 1.0} , {"b":1e-09},3, "x]" ], "next": "p2" }"#)
    }

    @Test func `pages may be arrays, and empty`() throws {
        #expect(try merge(["[1]", "[2,3]", "[]", "[4]"], "$") == "[1,2,3,4]")
        #expect(try merge(["[ ]", "[]", "[ 1 ]", "[[2 ] ]"], "$") == "[1,[2 ] ]")
        #expect(try merge([" []\n"], "$") == "[]")
        #expect(try merge([#"{"d":{"e":[]}}"#, #"{"d":{"e":["\u0041"]}}"#], "$.d.e") == #"{"d":{"e":["\u0041"]}}"#)
        #expect(try merge([#"{"a":[1 ]}"#], "$.a") == #"{"a":[1 ]}"#)
    }

    @Test func `generated pages keep every item`() throws {
        var generator = SplitMix(10)
        for _ in 0..<100 {
            let pages = (0...generator.below(4)).map { _ in
                Tree.array((0..<generator.below(4)).map { _ in .random(&generator, depth: 2) }).written(&generator)
            }
            let joined = try JSONTape(try JSONSplice.merge(pages: pages, items: .root)).root
            let items = try pages.flatMap { try JSONTape($0).root.elements.map(\.rawText) }
            #expect(joined.elements.map(\.rawText) == items)
        }
    }

    @Test func `a page that does not fit is named`() throws {
        func error(_ pages: [String], _ path: String) throws -> JSONSpliceError {
            try #require(throws: JSONSpliceError.self) { try merge(pages, path) }
        }
        #expect(try error([], "$") == .noPages)
        #expect(try error(["[]", "[1"], "$") == .malformed(page: 2, .unexpectedEnd(offset: 2)))
        #expect(try error([#"{"items":[]}"#, "{}"], "$.items") == .noItems(page: 2, try JSONPath("$.items")))
        #expect(try error(["{}"], "$") == .notAnArray(page: 1, .root, found: .object))
        #expect(
            try error([#"[{"a":[]},{"a":[]}]"#], "$..a") == .severalMatches(page: 1, try JSONPath("$..a"), count: 2))
        #expect(
            try error(["{}"], "$.items").description == "Page 1 has nothing at $.items, where its items should be.")
    }
}

struct JSONShapeTests {
    @Test(arguments: [
        "<!DOCTYPE html><html>", "\n <HTML lang=en>", "\u{FEFF}<html>", "<?xml version=\"1.0\"?>\n<html xmlns=\"x\">",
        "<!-- c --><body>", "<center>502 Bad Gateway</center>", "<head><title>x",
    ])
    func `an HTML page is known`(text: String) {
        #expect(JSONShape.looksLikeHTML(Array(text.utf8)))
        #expect(JSONShape.looksLikeMarkup(Array(text.utf8)))
    }

    @Test(arguments: ["", " ", "{}", "\"<html>\"", "<feed><entry/></feed>", "Bad Gateway <html>", "null"])
    func `what is no HTML page is not taken for one`(text: String) {
        #expect(!JSONShape.looksLikeHTML(Array(text.utf8)))
    }

    @Test func `white space and null are known`() {
        #expect(JSONShape.isWhitespaceOnly([]))
        #expect(JSONShape.isWhitespaceOnly(Array(" \r\n\t".utf8)))
        #expect(!JSONShape.isWhitespaceOnly(Array(" 0".utf8)))
        #expect(JSONShape.isNull(Array(" null\n".utf8)))
        #expect(!JSONShape.isNull(Array("nul".utf8)))
        #expect(!JSONShape.isNull(Array("nullx".utf8)))
        #expect(!JSONShape.isNull(Array("[null]".utf8)))
        #expect(!JSONShape.isNull([]))
    }
}
