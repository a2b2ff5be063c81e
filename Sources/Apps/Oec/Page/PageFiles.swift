import Crypto
import FreshetCore

/// The files of the page, which are part of the program: a binary that is moved still has them.
struct PageFiles: Sendable {
    /// One file.
    struct File: Sendable {
        let name: String
        let type: String
        let bytes: [UInt8]
        /// A strong validator, in quotes.
        let tag: String

        init(_ name: String, _ bytes: [UInt8]) {
            (self.name, self.bytes) = (name, bytes)
            let kind = name.split(separator: ".").last ?? ""
            type =
                switch kind {
                case "html": "text/html; charset=utf-8"
                case "css": "text/css; charset=utf-8"
                default: "text/javascript; charset=utf-8"
                }
            tag = "\"\(PageFiles.digest(bytes))\""
        }
    }

    /// The page and what it loads.
    static let all = PageFiles()

    /// What `index.html` writes where the version belongs.
    static let placeholder = "{{version}}"

    /// Changes with any file: files are named below it, so that browsers keep them, and never mix two versions.
    let version: String
    /// The document.
    let index: File
    /// Scripts and styles by their names.
    let files: [String: File]

    private init() {
        let sources = Self.sources.map { File($0.name, $0.bytes) }
        let version = String(Self.digest(sources.flatMap { Array($0.tag.utf8) }).prefix(12))
        let document = String(decoding: PackageResources.index_html, as: UTF8.self)
            .split(separator: Self.placeholder, omittingEmptySubsequences: false).joined(separator: version)
        self.version = version
        index = File("index.html", Array(document.utf8))
        files = Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0) })
    }

    private static let sources: [(name: String, bytes: [UInt8])] = [
        ("announce.js", PackageResources.announce_js), ("api.js", PackageResources.api_js),
        ("app.js", PackageResources.app_js), ("base.css", PackageResources.base_css),
        ("chart.js", PackageResources.chart_js), ("connection.js", PackageResources.connection_js),
        ("dom.js", PackageResources.dom_js), ("ending.js", PackageResources.ending_js),
        ("format.js", PackageResources.format_js), ("game.css", PackageResources.game_css),
        ("game.js", PackageResources.game_js), ("hand.js", PackageResources.hand_js),
        ("leaderboard.js", PackageResources.leaderboard_js), ("lobby.js", PackageResources.lobby_js),
        ("notices.js", PackageResources.notices_js), ("protocol.js", PackageResources.protocol_js),
        ("screens.js", PackageResources.screens_js), ("state.js", PackageResources.state_js),
        ("storage.js", PackageResources.storage_js), ("waiting.js", PackageResources.waiting_js),
    ]

    /// The first 128 bits of SHA-256 in hexadecimal digits.
    private static func digest(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(SHA256.hash(data: bytes).prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
