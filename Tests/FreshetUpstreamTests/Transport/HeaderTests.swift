import Testing

@testable import FreshetUpstream

@Suite struct HeaderTests {
    @Test func `names are compared without regard to case`() {
        var fields: HeaderFields = ["Content-Type": "a", "X": "1"]
        fields.add("x", "2")
        #expect(fields["CONTENT-type"] == "a")
        #expect(fields.all("X") == ["1", "2"])
        fields.set("X", "3")
        #expect(fields.all("x") == ["3"])
    }

    @Test func `members of a list field are split and trimmed`() {
        var fields: HeaderFields = ["Connection": " Keep-Alive ,, X-A"]
        fields.add("connection", "close")
        #expect(fields.tokens("connection") == ["keep-alive", "x-a", "close"])
    }

    @Test(arguments: [
        (nil, MediaType.open), ("", .open), ("text/plain; charset=utf-8", .open), ("application/json", .json),
        ("Application/JSON;charset=utf-8", .json), ("application/problem+json", .json),
        ("application/vnd.x.v3+json", .json),
        ("application/geo+json", .json), ("text/json", .json), ("text/html", .html), ("application/xhtml+xml", .html),
        ("image/png", .other), ("application/xml", .other), ("json", .other), ("+json", .other),
    ])
    func `a content type is read for what it says of JSON`(field: String?, expected: MediaType) {
        #expect(MediaType(field) == expected)
    }

    @Test(arguments: [
        ("<http://h/2>; rel=\"next\"", "http://h/2"),
        ("<a>; rel=prev, <b>; rel=next", "b"),
        ("<a>; title=\"x, <z>; rel=next\"; rel=\"last\", <b>; REL=\"first NEXT\"", "b"),
        ("<a>; rel=last; rel=next, <b>; rel=next", "b"),
        ("<a,b;c>;rel=next", "a,b;c"),
        ("<a>; title=\"q\\\"uote\"; rel=next", "a"),
        ("<a>", nil), ("", nil), ("a; rel=next", nil), ("<a; rel=next", nil), ("<a>; rel=nextish", nil),
    ])
    func `the next link is found as RFC 8288 says`(field: String, expected: String?) {
        #expect(LinkHeader.next(["Link": field]) == expected)
    }

    @Test func `the next link may stand in a later field`() {
        var fields: HeaderFields = ["Link": "<a>; rel=prev"]
        fields.add("Link", "<b>; rel=next")
        #expect(LinkHeader.next(fields) == "b")
    }

    @Test func `text from upstream becomes one short line`() {
        #expect(SafeText.short("  a\r\n\tb\u{202E}c\u{0}\u{1B}[31md  ") == "a bc [31md")
        #expect(SafeText.short(String(repeating: "x", count: 500)) == String(repeating: "x", count: 200) + "…")
        #expect(SafeText.short(" \n ") == "")
    }
}
