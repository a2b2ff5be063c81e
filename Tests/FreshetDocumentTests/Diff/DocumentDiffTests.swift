import FreshetDocument
import Testing

struct DocumentDiffTests {
    private func diff(
        _ old: String, _ new: String, _ set: IgnoreSet = .none, keys: [(path: String, member: String)] = []
    ) throws -> [String] {
        let diff = DocumentDiff(from: try json(old), to: try json(new), ignoring: set, keys: try DiffKeys(keys))
        #expect(diff.count == diff.changes.count)
        return diff.changes.map { change in
            let order = change.order.isEmpty ? "" : " \(change.order)"
            return
                "\(change.operation.rawValue) \(change.pointer) \(change.before ?? "-") \(change.after ?? "-")\(order)"
        }
    }

    private func paths(_ old: String, _ new: String) throws -> [String] {
        DocumentDiff(from: try json(old), to: try json(new)).changes.map(\.path)
    }

    @Test func `each field that differs is told with its old and new text`() throws {
        #expect(
            try diff(#"{"a":1,"b":[1,2],"c":"x","d":{"e":1.0}}"#, #"{"d":{"e":1},"c":"\u0078","b":[1,3,4],"f":null}"#)
                == [
                    "remove /a 1 -", "add /b/2 - 4", "replace /b/1 2 3", "replace /d/e 1.0 1", "add /f - null",
                ])
    }

    @Test func `a change of kind is one change`() throws {
        #expect(try diff(#"{"a":[1]}"#, #"{"a":{"b":1}}"#) == [#"replace /a [1] {"b":1}"#])
        #expect(try diff("1", "\"1\"") == ["replace  1 \"1\""])
        #expect(try diff("true", "false") == ["replace  true false"])
        #expect(try diff("[]", "null") == ["replace  [] null"])
    }

    @Test func `number texts are compared and told exactly`() throws {
        #expect(
            try diff(#"{"n":12345678901234567890.10}"#, #"{"n":12345678901234567890.1}"#)
                == ["replace /n 12345678901234567890.10 12345678901234567890.1"])
    }

    @Test func `what means the same does not differ`() throws {
        #expect(try diff(#"{"a":1,"b":[ 1 ]}"#, #"{"b":[1],"\u0061":1}"#).isEmpty)
        #expect(try diff(#"{"a":1,"a":2}"#, #"{"a":2}"#).isEmpty)
    }

    @Test func `elements with an identity are matched by it`() throws {
        let old = #"[{"tag":"A","n":1},{"tag":"B","n":2},{"tag":"C","n":3}]"#
        let new = #"[{"tag":"B","n":2},{"tag":"C","n":4},{"tag":"D","n":5}]"#
        #expect(
            try diff(old, new) == [
                #"remove /0 {"tag":"A","n":1} -"#, #"add /2 - {"tag":"D","n":5}"#, "replace /1/n 3 4",
            ])
        #expect(try paths(old, new) == ["$[?@.tag=='A']", "$[?@.tag=='D']", "$[?@.tag=='C'].n"])
    }

    @Test func `a new order of identified elements is one change`() throws {
        #expect(
            try diff(#"{"l":[{"id":1},{"id":2},{"id":3}]}"#, #"{"l":[{"id":3},{"id":1},{"id":2,"x":0}]}"#)
                == ["reorder /l - - [2, 0, 1]", "add /l/2/x - 0"])
    }

    @Test func `a declared key is tried before those that are guessed`() throws {
        let (old, new) = (#"{"l":[{"id":1,"p":"a"},{"id":2,"p":"b"}]}"#, #"{"l":[{"id":1,"p":"b"},{"id":2,"p":"a"}]}"#)
        #expect(try diff(old, new) == [#"replace /l/0/p "a" "b""#, #"replace /l/1/p "b" "a""#])
        for path in ["$.l[*]", "$.l", "$..l"] {
            #expect(
                try diff(old, new, keys: [(path, "p")])
                    == ["reorder /l - - [1, 0]", "replace /l/1/id 1 2", "replace /l/0/id 2 1"])
        }
        #expect(try diff(old, new, keys: [("$.m[*]", "p")]).count == 2)
        // A key that some element lacks is no key.
        #expect(try diff(old, new, keys: [("$.l[*]", "q")]).count == 2)
    }

    @Test(arguments: [
        (#"[{"id":1},{"x":1}]"#, #"[{"id":1},{"x":2}]"#, ["replace /1/x 1 2"]),
        (#"[{"id":[1]}]"#, #"[{"id":[2]}]"#, ["replace /0/id/0 1 2"]),
        (
            #"[{"id":1,"name":"a"},{"id":1,"name":"b"}]"#, #"[{"id":1,"name":"b"}]"#,
            [#"remove /0 {"id":1,"name":"a"} -"#]
        ),
        (#"[{"id":1}]"#, #"[{"id":"1"}]"#, [#"remove /0 {"id":1} -"#, #"add /0 - {"id":"1"}"#]),
        ("[1,2,3,4]", "[2,3,4]", ["remove /0 1 -"]),
        ("[1,2,3]", "[0,1,2,3]", ["add /0 - 0"]),
        ("[1,2,3,4,5,6]", "[1,9,3,4,6]", ["remove /4 5 -", "replace /1 2 9"]),
        ("[3,1,2]", "[1,2,3]", ["remove /0 3 -", "add /2 - 3"]),
    ])
    func `elements without a common unique identity are aligned`(old: String, new: String, expected: [String]) throws {
        #expect(try diff(old, new) == expected)
    }

    @Test func `ignored paths are never told, and cannot tell elements apart`() throws {
        let set = try ignoring("$.at", "$.list[*].n")
        #expect(try diff(#"{"at":1,"list":[{"n":1,"m":1}]}"#, #"{"list":[{"n":2,"m":1}]}"#, set).isEmpty)
        #expect(try diff("[{\"id\":1}]", "[{\"id\":2}]", try ignoring("$[*].id")).isEmpty)
        #expect(try diff("1", "2", try ignoring("$")).isEmpty)
        #expect(
            try diff(#"{"list":[{"n":1,"m":1},{"n":1,"m":2}]}"#, #"{"list":[{"n":5,"m":2}]}"#, set)
                == [#"remove /list/0 {"n":1,"m":1} -"#], "elements are equal where only ignored members differ")
    }

    @Test func `names are escaped in both kinds of path`() throws {
        let change = try #require(
            DocumentDiff(from: try json(#"{"a b":{"x/y~":1}}"#), to: try json(#"{"a b":{"x/y~":2}}"#)).changes.first)
        #expect(change.pointer == "/a b/x~1y~0")
        #expect(change.path == "$['a b']['x/y~']")
        #expect(try paths(#"[{"tag":"it's\n"}]"#, #"[{"tag":"it's\n","x":1}]"#) == [#"$[?@.tag=='it\'s\n'].x"#])
        #expect(try paths(#"[{"id":7}]"#, #"[{"id":7,"x":1}]"#) == ["$[?@.id==7].x"])
    }

    @Test func `the list is bounded and everything is counted`() throws {
        let old = try json("[" + (0..<50).map(String.init).joined(separator: ",") + "]")
        let new = try json("[]")
        let few = DocumentDiff(from: old, to: new, limits: .init(count: 3))
        #expect(few.changes.map(\.pointer) == ["/49", "/48", "/47"])
        #expect(few.isTruncated && few.count == 50)
        let all = DocumentDiff(from: old, to: new, limits: .init(count: 50))
        #expect(all.changes.count == 50 && !all.isTruncated)
        let small = DocumentDiff(from: old, to: new, limits: .init(count: 50, totalBytes: 200))
        #expect((1...3).contains(small.changes.count) && small.count == 50)
        let none = DocumentDiff(from: old, to: new, limits: .init(count: 0))
        #expect(none.changes.isEmpty && none.isTruncated && !none.isEmpty)
    }

    @Test func `it is written as JSON, texts beyond the limit left out`() throws {
        var writer = JSONWriter()
        writer.beginObject()
        DocumentDiff(
            from: try json(#"{"a":{"b":1},"l":"long text"}"#), to: try json(#"{"a":2,"c":"x","l":3}"#),
            limits: .init(count: 9, textBytes: 8)
        ).writeMembers(to: &writer)
        writer.endObject()
        #expect(
            writer.text == #"""
                {"changes":[{"op":"replace","path":"/a","at":"$.a","before":{"b":1},"after":2},\#
                {"op":"replace","path":"/l","at":"$.l","before":null,"before_omitted":true,"after":3},\#
                {"op":"add","path":"/c","at":"$.c","after":"x"}],"change_count":3,"truncated":false}
                """#)
    }

    @Test(arguments: [
        ("$.a", "/a", true), ("$.a", "/a/b", true), ("$.a.b", "/a", false), ("$.l[*].n", "/l/3/n", true),
        ("$.l[*].n", "/l/3/m", false), ("$..n", "/x/y/n/z", true), ("$..n", "", false), ("$", "/a", true),
        ("$.l[3]", "/l/3", true), ("$.l[3]", "/l/33", false), ("$['a/b']", "/a~1b", true), ("$.a", "a", false),
        ("$..a..b", "/a/x/b", true), ("$..a..b", "/b/a", false),
    ])
    func `a path covers what lies inside what it selects`(path: String, pointer: String, expected: Bool) throws {
        #expect(try JSONPath(path).covers(pointer: pointer) == expected)
    }

    @Test func `large arrays are compared in little time`() throws {
        func numbers(_ list: [Int]) throws -> JSONValue {
            try json("[" + list.map(String.init).joined(separator: ",") + "]")
        }
        func items(_ list: [Int]) throws -> JSONValue {
            try json("[" + list.map { "{\"id\":\($0)}" }.joined(separator: ",") + "]")
        }
        let many = Array(0..<50_000)
        #expect(DocumentDiff(from: try numbers(many), to: try numbers(many.reversed())).count > 0)
        #expect(DocumentDiff(from: try items(many), to: try items(many.reversed())).count == 1)
        #expect(DocumentDiff(from: try numbers(many), to: try numbers(Array(many.dropFirst()))).count == 1)
    }

    @Test func `applied to the old document the changes give the new one`() throws {
        var generator = SplitMix(11)
        var longest = 0
        for _ in 0..<3_000 {
            let tree = generator.chance(2) ? Tree.random(&generator) : Tree.records(&generator)
            var other = tree
            for _ in 0..<1 + generator.below(4) { other = other.mutated(&generator) }
            if generator.chance(3) { other = other.reordered(&generator) }
            let old = try JSONTape(tree.written(&generator)).root
            let new = try JSONTape(other.shuffled(&generator).written(&generator)).root
            let diff = DocumentDiff(from: old, to: new, limits: .init(count: .max, textBytes: .max, totalBytes: .max))
            longest = max(longest, diff.count)
            var patched = PatchTree(old)
            for change in diff.changes { try patched.apply(change) }
            #expect(patched == PatchTree(new), "\(old) \(new) \(diff.changes)")
            for change in diff.changes { #expect(throws: Never.self) { try checkPath(change) } }
        }
        #expect(longest > 10)
    }

    /// Without a filter the readable path is one that our own parser takes.
    private func checkPath(_ change: JSONChange) throws {
        if !change.path.contains("[?") { _ = try JSONPath(change.path) }
    }

    @Test func `there are no changes exactly when the fingerprints are equal`() throws {
        var generator = SplitMix(8)
        let paths = ["$..a", "$[*].id", "$..tag", "$..[0]", "$.*", "$..[-1]", "$..b..a"]
        var (same, different) = (0, 0)
        for _ in 0..<1_500 {
            let tree = Tree.random(&generator)
            var other = tree
            for _ in 0..<generator.below(3) { other = other.mutated(&generator) }
            let old = try JSONTape(tree.written(&generator)).root
            let new = try JSONTape(other.shuffled(&generator).written(&generator)).root
            let set = generator.chance(2) ? IgnoreSet.none : try ignoring(paths[generator.below(paths.count)])
            let isEqual = Fingerprint(of: old, ignoring: set) == Fingerprint(of: new, ignoring: set)
            if isEqual { same += 1 } else { different += 1 }
            #expect(DocumentDiff(from: old, to: new, ignoring: set).isEmpty == isEqual, "\(old) \(new) \(set.paths)")
        }
        #expect(same > 200 && different > 200)
    }
}
