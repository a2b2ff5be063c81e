import Crypto
import FreshetCore
import HTTPTypes
import NIOCore

/// The files of the page, in the binary; a client that has one is told so.
struct HomeAssets: Sendable {
    private struct Asset: Sendable {
        let name: String
        let type: String
        let body: ByteBuffer
        let tag: String
    }

    private let assets: [Asset]
    /// Another one means other files: a page that was loaded before is out of date.
    let mark: String

    init() {
        assets = [
            ("home.css", "text/css; charset=utf-8", PackageResources.home_css),
            ("home.js", "text/javascript; charset=utf-8", PackageResources.home_js),
            ("morph.js", "text/javascript; charset=utf-8", PackageResources.morph_js),
            ("news.js", "text/javascript; charset=utf-8", PackageResources.news_js),
            ("stream.js", "text/javascript; charset=utf-8", PackageResources.stream_js),
            ("icon.svg", "image/svg+xml", PackageResources.icon_svg),
        ].map { name, type, bytes in
            Asset(name: name, type: type, body: ByteBuffer(bytes: bytes), tag: HomeTag.of(bytes))
        }
        mark = HomeTag.of(assets.map(\.tag).joined().utf8)
    }

    /// A file by its name.
    func file(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        guard let name = exchange.capture("file"), let asset = assets.first(where: { $0.name == name }) else {
            throw Problem(404, "no-such-path", "The page at / has no file of this name.")
        }
        return HomeTag.reply(
            exchange, tag: asset.tag,
            fields: [
                ("Content-Type", asset.type), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"),
                ("Content-Security-Policy", "default-src 'none'"),
            ], body: asset.body)
    }
}

/// Entity tags of what the page is made of.
enum HomeTag {
    /// A tag that is the same for the same bytes, without its quotes.
    static func of(_ bytes: some Sequence<UInt8>) -> String {
        SHA256.hash(data: Array(bytes)).prefix(10).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The body, or a 304 to a client that has it.
    static func reply(
        _ exchange: Exchange, tag: String, fields: [(name: String, value: String)], body: ByteBuffer
    ) -> Reply {
        let quoted = "\"\(tag)\""
        var known = exchange.headers[.ifNoneMatch] ?? ""
        let isKnown = known.withUTF8 { list in
            quoted.utf8.withContiguousStorageIfAvailable {
                RequestConditions.matches(UnsafeRawBufferPointer(list), tag: UnsafeRawBufferPointer($0))
            } ?? false
        }
        let all = [("ETag", quoted)] + fields
        return isKnown ? Reply(304, all) : Reply(200, all, body: body)
    }
}
