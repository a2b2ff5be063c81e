import FreshetDocument
import Testing

struct FingerprintTests {
    private func print(_ text: String, _ ignoring: IgnoreSet = .none) throws -> Fingerprint {
        Fingerprint(of: try json(text), ignoring: ignoring)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#), ("[1, 2]", "[1,2]"), (#""\u0041""#, #""A""#),
        (#"{"\u0061":1}"#, #"{"a":1}"#),
        (#""\/""#, #""/""#), (#"{"a":1,"a":2}"#, #"{"a":2}"#), (#"{"a":2,"b":3,"a":1}"#, #"{"b":3,"a":1}"#),
        (#"{"x":{"a":[1],"b":{}},"y":0}"#, #"{"y":0,"x":{"b":{},"a":[1]}}"#),
    ])
    func `what means the same has the same fingerprint`(one: String, two: String) throws {
        #expect(try print(one) == print(two))
    }

    @Test func `what differs in any way has another fingerprint`() throws {
        let texts = [
            "null", "true", "false", "0", "-0", "1", "1.0", "1e0", "10e-1", "1e-09", "0.000000001", "\"\"", "\"1\"",
            "\"null\"",
            "[]", "{}", "[[]]", "[{}]", "[null]", "[0]", "[1,2]", "[2,1]", "[[1],2]", "[1,[2]]", "[[1,2]]",
            #"{"a":null}"#,
            #"{"a":[]}"#, #"{"a":{}}"#, #"{"a":1}"#, #"{"b":1}"#, #"{"a":"1"}"#, #"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#,
            #"{"a":{"b":2}}"#, #"["a",1]"#, #"{"a":1,"b":1}"#, "[1,1]", "[1,1,1]", #"{"":""}"#, #"["",""]"#,
            #"{"a":{"a":1}}"#,
            #"{"1":"a"}"#, "[[],[]]", "[{},{}]", #"[{"a":1},{"b":2}]"#, #"[{"a":1,"b":2}]"#, "\"e\u{301}\"",
            "\"\u{E9}\"",
        ]
        var seen: [Fingerprint: String] = [:]
        for text in texts {
            let other = seen.updateValue(text, forKey: try print(text))
            #expect(other == nil, "\(text) and \(other ?? "")")
        }
    }

    @Test func `strings of every length and every single changed byte differ`() throws {
        var seen: Set<Fingerprint> = []
        var count = 0
        for length in 0..<70 {
            for place in -1..<length {
                var text = Array(repeating: UInt8(ascii: "a"), count: length)
                if place >= 0 { text[place] = UInt8(ascii: "b") }
                seen.insert(try print("\"" + String(decoding: text, as: UTF8.self) + "\""))
                seen.insert(Fingerprint(ofBytes: text))
                count += 2
            }
        }
        #expect(seen.count == count)
    }

    @Test func `one flipped bit flips about half of each half`() throws {
        var generator = SplitMix(11)
        for length in [1, 3, 4, 7, 8, 15, 16, 17, 33, 64] {
            var (high, low, flips) = (0, 0, 0)
            for _ in 0..<200 {
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let before = Fingerprint(ofBytes: bytes)
                bytes[generator.below(length)] ^= 1 << UInt8(generator.below(8))
                let after = Fingerprint(ofBytes: bytes)
                high += (before.high ^ after.high).nonzeroBitCount
                low += (before.low ^ after.low).nonzeroBitCount
                flips += 1
            }
            #expect((30...34).contains(Double(high) / Double(flips)), "high half, \(length) bytes")
            #expect((30...34).contains(Double(low) / Double(flips)), "low half, \(length) bytes")
        }
    }

    @Test func `each half alone keeps a hundred thousand documents apart`() throws {
        var (high, low): (Set<UInt64>, Set<UInt64>) = ([], [])
        for number in 0..<50_000 {
            for text in ["\(number)", "{\"n\":\(number)}"] {
                let print = try print(text)
                high.insert(print.high)
                low.insert(print.low)
            }
        }
        #expect(high.count == 100_000 && low.count == 100_000)
    }

    @Test func `key order, white space and escapes never matter`() throws {
        var generator = SplitMix(6)
        for _ in 0..<300 {
            let tree = Tree.random(&generator)
            let one = try JSONTape(tree.compact).root
            let two = try JSONTape(tree.shuffled(&generator).written(&generator)).root
            #expect(Fingerprint(of: one) == Fingerprint(of: two))
        }
    }

    @Test func `the last of repeated keys counts in wide objects too`() throws {
        let wide = (0..<50).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try print("{\"k7\":0,\"k20\":[1,{}],\(wide)}") == print("{\(wide)}"))
        #expect(try print("{\(wide),\"k7\":0}") != print("{\(wide)}"))
    }

    @Test func `ignored values count for nothing, present or absent`() throws {
        let set = try ignoring("$.at", "$.list[*].n", "$..trace", "$.last[-1]", "$['+1']")
        let base = #"{"v":1,"list":[{"m":1},{}],"deep":{"d":[{}]},"last":[]}"#
        let other = """
            {"at":[{"x":1}],"v":1,"list":[{"n":5,"m":1},{"n":null}],"last":[9],"+1":3,
            "deep":{"trace":1,"d":[{"trace":{"trace":2}}]}}
            """
        #expect(try print(base, set) == print(other, set))
        #expect(try print(base) != print(other))
        #expect(try print(#"{"v":2,"list":[{"m":1},{}],"deep":{"d":[{}]},"last":[]}"#, set) != print(base, set))
        #expect(try print(#"{"list":{"n":1}}"#, set) != print(#"{"list":{"n":2}}"#, try ignoring("$.list[*].n")))
    }

    @Test func `a name ignored at the top is not ignored below`() throws {
        let set = try ignoring("$.a")
        #expect(try print(#"{"b":{"a":1}}"#, set) != print(#"{"b":{"a":2}}"#, set))
        #expect(try print(#"{"a":{"a":1}}"#, set) == print("{}", set))
    }

    @Test func `an ignored element closes the gap`() throws {
        let set = try ignoring("$[0]", "$[-1]")
        #expect(try print("[1,2,3]", set) == print("[7,2,8]", set))
        #expect(try print("[1,2,3]", set) != print("[1,5,3]", set))
        #expect(try print("[1]", set) == print("[]", set))
    }

    @Test func `everything can be ignored`() throws {
        let set = try ignoring("$")
        #expect(try print("1", set) == print("{}", set))
        #expect(try print("{}", try ignoring("$.*")) == print(#"{"a":1,"b":[]}"#, try ignoring("$.*")))
        #expect(try print("[[],[]]", try ignoring("$..a..b")) == print("[[],[]]"))
    }

    @Test func `ignoring a path is the same as taking its matches out`() throws {
        let paths = ["$..a", "$[*].id", "$.*.name", "$..members[0]", "$..*.tag", "$[1]", "$..b..a", "$..[-1]"]
        var generator = SplitMix(7)
        for _ in 0..<300 {
            let set = IgnoreSet(try (0..<2).map { _ in try JSONPath(paths[generator.below(paths.count)]) })
            let tape = try JSONTape(Tree.random(&generator).written(&generator))
            let ignored = Set(set.paths.flatMap { $0.matches(in: tape.root).map(\.byteRange) })
            guard !ignored.contains(tape.root.byteRange) else { continue }
            var without = JSONWriter()
            copy(tape.root, without: ignored, to: &without)
            let expected = Fingerprint(of: try JSONTape(without.bytes).root)
            #expect(Fingerprint(of: tape.root, ignoring: set) == expected)
        }
    }

    private func copy(_ value: JSONValue, without ignored: Set<Range<Int>>, to json: inout JSONWriter) {
        switch value.kind {
        case .object:
            json.beginObject()
            for member in value.members where !ignored.contains(member.value.byteRange) {
                json.key(member.key.string ?? "")
                copy(member.value, without: ignored, to: &json)
            }
            json.endObject()
        case .array:
            json.beginArray()
            for element in value.elements where !ignored.contains(element.byteRange) {
                copy(element, without: ignored, to: &json)
            }
            json.endArray()
        default: json.raw(value.rawBytes)
        }
    }

    @Test func `a value inside a document has the fingerprint it has alone`() throws {
        let root = try json(#"{"a":[1,{"b":[2,"x"]},3],"c":4}"#)
        let inner = try #require(root["a"]?[1])
        #expect(Fingerprint(of: inner) == Fingerprint(of: try json(#"{"b":[2,"x"]}"#)))
        #expect(
            Fingerprint(of: inner, ignoring: try ignoring("$.b[0]")) == Fingerprint(of: try json(#"{"b":["x"]}"#)))
    }

    @Test func `the text form reads back`() throws {
        let print = Fingerprint(high: 0x0123_4567_89AB_CDEF, low: 0xF)
        #expect(print.hex == "0123456789abcdef000000000000000f")
        #expect(Fingerprint(hex: print.hex) == print)
        #expect(Fingerprint(hex: print.hex.uppercased()) == print)
        #expect(Fingerprint(hex: "0123") == nil)
        #expect(Fingerprint(hex: String(repeating: "g", count: 32)) == nil)
    }

    @Test func `stored fingerprints stay valid`() throws {
        // A change of these values makes every stored document look changed once: say so in the changelog.
        let text = ##"{"tag":"#2PP","level":12,"list":[1,1.0,null,true,"a longer text than sixteen bytes"]}"##
        let hex = try print(text).hex
        #expect(hex == "eb33538b12e631bc301a404b398fcb51")
        #expect(Fingerprint(ofBytes: Array("freshet".utf8)).hex == "1823b5fd6b76ade8d9c65eab370b7131")
    }
}
