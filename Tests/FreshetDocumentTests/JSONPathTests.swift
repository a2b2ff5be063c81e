import FreshetDocument
import Testing

struct JSONPathTests {
    static let store = """
        {"store":{"book":[{"title":"A","price":8,"tags":["x","y"]},{"title":"B","price":12},{"title":"C"}],
        "bicycle":{"color":"red","price":19}},"+1":5,"a'b":6,"price":0,"24h":7}
        """

    @Test(arguments: [
        ("$.price", ["0"]), ("$.store.bicycle.color", ["\"red\""]), ("$['store']['bicycle']['price']", ["19"]),
        ("$[\"store\"].book[0].title", ["\"A\""]), ("$.store.book[-1].title", ["\"C\""]), ("$.store.book[3]", []),
        ("$.store.book[-4]", []), ("$.store.book[*].title", ["\"A\"", "\"B\"", "\"C\""]),
        ("$.store.book.*.price", ["8", "12"]),
        ("$.store.bicycle.*", ["\"red\"", "19"]), ("$..price", ["8", "12", "19", "0"]), ("$..tags[1]", ["\"y\""]),
        ("$..[0]", ["{\"title\":\"A\",\"price\":8,\"tags\":[\"x\",\"y\"]}", "\"x\""]),
        ("$..book..*", ["\"A\"", "8", "[\"x\",\"y\"]", "\"x\"", "\"y\"", "\"B\"", "12", "\"C\""]),
        ("$['+1']", ["5"]), ("$['a\\'b']", ["6"]), ("$[\"a'b\"]", ["6"]), ("$['\\u0070rice']", ["0"]), ("$.24h", ["7"]),
        ("$.missing", []), ("$.price.x", []), ("$.price[0]", []), ("$.store[0]", []), ("$.store.book.title", []),
        ("$..['color']", ["\"red\""]),
    ])
    func `a path selects each match once, in document order`(text: String, expected: [String]) throws {
        let root = try json(Self.store)
        let path = try JSONPath(text)
        var matches = path.matches(in: root).map(\.rawText)
        if text == "$..book..*" { matches.removeAll { $0.hasPrefix("{") } }
        #expect(matches == expected)
        #expect(path.first(in: root)?.rawText == path.matches(in: root).first?.rawText)
    }

    @Test func `the root path selects the document`() throws {
        #expect(try JSONPath("$").matches(in: json("1")).map(\.rawText) == ["1"])
        #expect(try JSONPath("$").isRoot)
        #expect(try JSONPath("$") == .root)
    }

    @Test func `a value under two nested matches is selected once`() throws {
        let root = try json(#"{"a":{"a":{"b":1}}}"#)
        #expect(try JSONPath("$..a..b").matches(in: root).map(\.rawText) == ["1"])
    }

    @Test func `of repeated keys a name selects the last and an asterisk all`() throws {
        let root = try json(#"{"a":1,"a":2}"#)
        #expect(try JSONPath("$.a").matches(in: root).map(\.rawText) == ["2"])
        #expect(try JSONPath("$..a").matches(in: root).map(\.rawText) == ["2"])
        #expect(try JSONPath("$.*").matches(in: root).map(\.rawText) == ["1", "2"])
    }

    @Test(arguments: [
        ("$", "$"), ("$['a']", "$.a"), ("$[\"x y\"]", "$['x y']"), ("$.a[*].b", "$.a[*].b"), ("$.*", "$[*]"),
        ("$..a", "$..a"),
        ("$..*", "$..*"), ("$..['x y'][-1]", "$..['x y'][-1]"), ("$['it\\'s']", "$['it\\'s']"),
        ("$['\\n\\\\']", "$['\\n\\\\']"),
        ("$['']", "$['']"), ("$.été", "$.été"), ("$['\\ud83d\\ude00']", "$.😀"), ("$['\"']", "$['\"']"),
        ("$..[2]", "$..[2]"),
    ])
    func `a path is written in its shortest form, which reads back`(text: String, expected: String) throws {
        let path = try JSONPath(text)
        #expect(path.description == expected)
        #expect(try JSONPath(path.description) == path)
    }

    @Test(arguments: [
        ("", 1, "a path begins with $"), ("a.b", 1, "a path begins with $"), ("$a", 2, "expected '.' or '['"),
        ("$.", 3, "a name or * must follow"), ("$..", 4, "a name or * must follow"),
        ("$...a", 4, "a name or * must follow"),
        ("$.a b", 4, "expected '.' or '['"), ("$.a+1", 4, "names with other characters"), ("$[", 3, "a bracket holds"),
        ("$[]", 3, "a bracket holds"), ("$[a]", 3, "a bracket holds"), ("$[1", 4, "expected ']'"),
        ("$['a", 5, "does not end"),
        ("$['a'", 6, "expected ']'"), ("$[01]", 3, "leading zero"), ("$[-0]", 3, "0 has no sign"), ("$[-]", 4, "digit"),
        ("$[1:2]", 4, "slices"), ("$['a','b']", 6, "unions"), ("$[?(@.a)]", 3, "filters"), ("$['\\q']", 4, "no escape"),
        ("$['\\u12']", 4, "four hexadecimal"), ("$['\\ud800']", 4, "surrogate"),
        ("$[99999999999999999999]", 3, "too large"),
        ("$['\\", 5, "does not end"), (" $", 1, "a path begins with $"),
    ])
    func `a wrong path is refused with the place and the reason`(text: String, position: Int, reason: String) throws {
        let error = try #require(throws: JSONPathError.self) { try JSONPath(text) }
        #expect(error.position == position)
        #expect(error.reason.contains(reason), "\(error)")
        #expect(error.description.contains("at character \(position)"))
    }
}
