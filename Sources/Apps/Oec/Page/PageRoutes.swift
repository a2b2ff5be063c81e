import FreshetCore

/// The page that plays the game, at `/apps/oec/`; `/` stays the operator's, also when this is the root app.
struct PageRoutes: Sendable {
    var all: [AppRoute] {
        [
            AppRoute("GET", "/", .everyone, "The page that plays the game; `?room=` joins a private room.") { request in
                Self.reply(PageFiles.all.index, Self.shortLived, request)
            },
            AppRoute("GET", "/page/{version}/{file}", .everyone, "A script or style of the page.") { request in
                Self.file(request)
            },
            AppRoute("GET", "/room/{code}", .everyone, "Leads to the page, into a private room.") { request in
                Self.room(request)
            },
        ]
    }

    /// Asked for again each time, so that a new version is seen at once.
    private static let shortLived = "no-cache"
    /// A name that holds the version never changes its meaning.
    private static let forever = "public, max-age=31536000, immutable"

    /// Only what comes from this server is loaded or talked to, and nobody else's page may frame this one.
    private static let security: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        // A link to a private room stays private.
        ("Referrer-Policy", "no-referrer"),
    ]

    private static func reply(_ file: PageFiles.File, _ caching: String, _ request: AppRequest) -> AppReply {
        let headers = security + [("Cache-Control", caching), ("ETag", file.tag)]
        let known = request.header("if-none-match")?.split(separator: ",").contains { tag in
            let tag = tag.drop { $0 == " " }
            return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == file.tag
        }
        if known ?? false { return AppReply(304, type: file.type, headers: headers, body: []) }
        return AppReply(200, type: file.type, headers: headers, body: file.bytes)
    }

    private static func file(_ request: AppRequest) -> AppReply {
        guard let file = PageFiles.all.files[request.captures["file"] ?? ""] else {
            return OecAnswers.problem(404, "There is no such file.", "The page at /apps/oec/ names those there are.")
        }
        // While servers are replaced one by one, a page of one version may ask a server of the other.
        let isSame = request.captures["version"] == PageFiles.all.version
        return reply(file, isSame ? forever : "no-store", request)
    }

    private static func room(_ request: AppRequest) -> AppReply {
        let code = (request.captures["code"] ?? "").uppercased()
        guard !code.isEmpty, code.utf8.count <= 12, code.utf8.allSatisfy({ isCodeByte($0) }) else {
            return OecAnswers.problem(
                404, "Room not found or expired", "A room's code is letters and digits, six of them.")
        }
        return AppReply(
            302, type: "text/plain; charset=utf-8", headers: [("Location", "/apps/oec/?room=\(code)")], body: [])
    }

    private static func isCodeByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
