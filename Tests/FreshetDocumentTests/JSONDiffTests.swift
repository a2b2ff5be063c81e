import FreshetDocument
import Testing

struct JSONDiffTests {
    private func diff(_ old: String, _ new: String, _ set: IgnoreSet = .none, max: Int = 100) throws -> [String] {
        let diff = JSONDiff(from: try json(old), to: try json(new), ignoring: set, maximumCount: max)
        return diff.changes.map { "\($0.kind.rawValue) \($0.path) \($0.old ?? "-") \($0.new ?? "-")" }
    }

    @Test func `each field that differs is told with its old and new text`() throws {
        #expect(
            try diff(#"{"a":1,"b":[1,2],"c":"x","d":{"e":1.0}}"#, #"{"d":{"e":1},"c":"\u0078","b":[1,3,4],"f":null}"#)
                == [
                    "removed $.a 1 -", "changed $.b[1] 2 3", "added $.b[2] - 4", "changed $.d.e 1.0 1",
                    "added $.f - null",
                ])
    }

    @Test func `a change of kind is one change`() throws {
        #expect(try diff(#"{"a":[1]}"#, #"{"a":{"b":1}}"#) == [#"changed $.a [1] {"b":1}"#])
        #expect(try diff("1", "\"1\"") == ["changed $ 1 \"1\""])
        #expect(try diff("true", "false") == ["changed $ true false"])
        #expect(try diff("[]", "null") == ["changed $ [] null"])
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
                #"removed $[0] {"tag":"A","n":1} -"#, "changed $[1].n 3 4", #"added $[2] - {"tag":"D","n":5}"#,
            ])
    }

    @Test func `a new order of identified elements is told as such`() throws {
        #expect(try diff(#"[{"id":1},{"id":2}]"#, #"[{"id":2},{"id":1}]"#) == ["reordered $ - -"])
    }

    @Test(arguments: [
        (#"[{"id":1},{"id":1}]"#, #"[{"id":2},{"id":1}]"#, ["changed $[0].id 1 2"]),
        (#"[{"id":1},{"x":1}]"#, #"[{"id":1},{"x":2}]"#, ["changed $[1].x 1 2"]),
        (#"[{"id":[1]}]"#, #"[{"id":[2]}]"#, ["changed $[0].id[0] 1 2"]),
        (
            #"[{"id":1,"name":"a"},{"id":1,"name":"b"}]"#, #"[{"id":1,"name":"b"}]"#,
            [#"removed $[0] {"id":1,"name":"a"} -"#]
        ),
        (#"[{"id":1}]"#, #"[{"id":"1"}]"#, [#"removed $[0] {"id":1} -"#, #"added $[0] - {"id":"1"}"#]),
    ])
    func `elements without a common unique identity are matched by position`(
        old: String, new: String, expected: [String]
    ) throws {
        #expect(try diff(old, new) == expected)
    }

    @Test func `ignored paths are never told`() throws {
        let set = try ignoring("$.at", "$.list[*].n")
        #expect(try diff(#"{"at":1,"list":[{"n":1,"m":1}]}"#, #"{"list":[{"n":2,"m":1}]}"#, set).isEmpty)
        #expect(try diff("[{\"id\":1}]", "[{\"id\":2}]", try ignoring("$[*].id")).isEmpty)
        #expect(try diff("1", "2", try ignoring("$")).isEmpty)
    }

    @Test func `names that need brackets get them`() throws {
        #expect(try diff(#"{"a b":{"+1":1}}"#, #"{"a b":{"+1":2}}"#) == ["changed $['a b']['+1'] 1 2"])
    }

    @Test func `the list is bounded and says so`() throws {
        let old = try json("[" + Array(repeating: "1", count: 50).joined(separator: ",") + "]")
        let new = try json("[]")
        let few = JSONDiff(from: old, to: new, maximumCount: 3)
        #expect(few.changes.count == 3)
        #expect(few.isTruncated)
        let all = JSONDiff(from: old, to: new, maximumCount: 50)
        #expect(all.changes.count == 50)
        #expect(!all.isTruncated)
        let none = JSONDiff(from: old, to: new, maximumCount: 0)
        #expect(none.changes.isEmpty && none.isTruncated && !none.isEmpty)
    }

    @Test func `texts beyond the limit are left out`() throws {
        let diff = JSONDiff(from: try json("[\"long text\"]"), to: try json("[1]"), maximumTextBytes: 5)
        #expect(diff.changes.map(\.old) == [nil])
        #expect(diff.changes.map(\.new) == ["1"])
    }

    @Test func `it is written as JSON`() throws {
        var writer = JSONWriter()
        JSONDiff(from: try json(#"{"a":{"b":1}}"#), to: try json(#"{"a":2,"c":"x"}"#)).write(to: &writer)
        let expected =
            #"[{"path":"$.a","change":"changed","old":{"b":1},"new":2},{"path":"$.c","change":"added","new":"x"}]"#
        #expect(writer.text == expected)
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
            #expect(JSONDiff(from: old, to: new, ignoring: set).isEmpty == isEqual, "\(old) \(new) \(set.paths)")
        }
        #expect(same > 200 && different > 200)
    }
}
