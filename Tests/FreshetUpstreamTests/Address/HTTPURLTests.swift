import Testing

@testable import FreshetUpstream

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.COM:443/a?b=c#frag", "https://example.com/a?b=c"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("  http://h/a b  ", "http://h/a%20b"),
        ("http://h/%23UV%2Fx", "http://h/%23UV%2Fx"),
        ("http://h/100%", "http://h/100%25"),
        ("http://h/é?q=ü", "http://h/%C3%A9?q=%C3%BC"),
        ("http://h/?f[x]=1|2", "http://h/?f%5Bx%5D=1%7C2"),
        ("http://h/a/./b/../c/", "http://h/a/c/"),
        ("http://h/a/%2E%2e/b", "http://h/b"),
        ("http://h?q", "http://h/?q"),
    ])
    func `a URL is brought into one form`(text: String, expected: String) {
        #expect(HTTPURL(text)?.text == expected)
    }

    @Test(arguments: [
        "", "h/a", "ftp://h/a", "http:///a", "http://", "http://user:pw@h/", "http://h:0/", "http://h:70000/",
        "http://h:x/",
        "http://[::1/", "http://h/a\r\nX: y", "javascript:alert(1)", "http://h h/",
    ])
    func `what is no plain http or https URL is refused`(text: String) {
        #expect(HTTPURL(text) == nil)
    }

    // The normal and abnormal examples of RFC 3986 section 5.4, those with http or relative form.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"), (";x", "http://a/b/c/;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"),
        ("../..", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"),
        ("g/../h", "http://a/b/c/h"),
        ("https://x/y", "https://x/y"),
    ])
    func `a reference is resolved as RFC 3986 says`(reference: String, expected: String) throws {
        let base = try #require(HTTPURL("http://a/b/c/d;p?q"))
        #expect(base.resolving(reference)?.text == expected)
    }

    @Test(arguments: ["g:h", "mailto:a@b", "http://u@h/", "ftp://h/"])
    func `a reference that leaves http is refused`(reference: String) throws {
        let base = try #require(HTTPURL("http://a/b"))
        #expect(base.resolving(reference) == nil)
    }

    @Test func `a path is appended below the base and cannot climb out of it`() throws {
        let base = try #require(HTTPURL("https://api.test/v1"))
        #expect(base.appending(pathAndQuery: "/clans/%23UV?a=1")?.text == "https://api.test/v1/clans/%23UV?a=1")
        #expect(base.appending(pathAndQuery: "/..") == nil)
        #expect(base.appending(pathAndQuery: "/a/%2e%2E/b") == nil)
        #expect(base.appending(pathAndQuery: "/a/.") == nil)
        #expect(base.appending(pathAndQuery: "@evil.test/") == nil)
        #expect(base.appending(pathAndQuery: "//evil.test/")?.host == "api.test")
        #expect(HTTPURL("http://h")?.appending(pathAndQuery: "/a")?.text == "http://h/a")
    }

    @Test(arguments: [
        ("https://api.test/v1/x", true), ("https://api.test/v1", true), ("https://api.test/v10/x", false),
        ("https://api.test/x", false), ("http://api.test/v1/x", false), ("https://api.test:444/v1/x", false),
        ("https://evil.test/v1/x", false), ("https://api.test.evil/v1/x", false), ("https://api.test/v1/../x", false),
    ])
    func `below the base means same origin and path`(text: String, expected: Bool) throws {
        let base = try #require(HTTPURL("https://api.test/v1"))
        #expect(HTTPURL(text)?.isBelow(base) == expected)
    }

    @Test(arguments: [
        ("https://h/", true), ("http://h/", true), ("http://h:8080/", false), ("https://h:8443/", false),
        ("http://g/", false),
    ])
    func `credentials go to the same origin or its TLS twin`(text: String, expected: Bool) throws {
        let base = try #require(HTTPURL("http://h/api"))
        #expect(HTTPURL(text)?.mayCarryCredentials(of: base) == expected)
        let secure = try #require(HTTPURL("https://h/api"))
        #expect(HTTPURL("http://h/")?.mayCarryCredentials(of: secure) == false)
    }

    @Test func `setting a query parameter replaces every form of it`() throws {
        let url = try #require(HTTPURL("http://h/a?key=old&b=1&%6Bey=older&key"))
        #expect(url.settingQuery("key", "n/w").text == "http://h/a?b=1&key=n%2Fw")
        #expect(url.removingQuery("key").text == "http://h/a?b=1")
        #expect(HTTPURL("http://h/a?key=1")?.removingQuery("key").text == "http://h/a")
        #expect(HTTPURL("http://h/a")?.settingQuery("k", "v").text == "http://h/a?k=v")
    }

    @Test func `shown URLs have no credentials`() throws {
        let url = try #require(HTTPURL("http://h/a?apiKEY=1&b=2&Custom=3&token=4"))
        #expect(
            URLRedactor.show(url, parameter: "custom")
                == "http://h/a?apiKEY=<redacted>&b=2&Custom=<redacted>&token=<redacted>")
    }
}
