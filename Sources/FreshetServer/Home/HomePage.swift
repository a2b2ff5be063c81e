import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// The page at `/`: how everything stands, drawn here; a script keeps it up to date.
struct HomePage: Sendable {
    let service: any MirrorService
    let tokens: TokenService
    let build: BuildInfo
    let desk: HomeDesk
    let assets = HomeAssets()

    /// The page, the part of it that changes, and its files.
    var routes: [Route] {
        [
            Route(.get, "/", .everyone, "How everything stands, for people", page),
            Route(.get, "/home/board", .reader, "The part of the page at / that changes, as HTML", board),
            Route(.get, "/home/{file}", .everyone, "A style, script or picture of the page at /", assets.file),
        ]
    }

    /// Nothing from elsewhere, nothing inline, in nobody's frame.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'
        """

    private static let fields: [(name: String, value: String)] = [
        ("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Vary", "Authorization"),
    ]

    private func reach(_ exchange: Exchange) -> HomeView.Reach {
        if tokens.allows(.operator, exchange) { return .operator }
        return tokens.allows(.reader, exchange) ? .reader : .health
    }

    private func page(_ exchange: Exchange) async throws -> Reply {
        let look = await desk.current()
        let view = HomeView(configuration: service.configuration, look: look, reach: reach(exchange))
        let text = frame(view, look).text
        return Reply(
            200, HomePage.fields + [("Cache-Control", "no-store")], body: ByteBuffer(string: text))
    }

    /// The same as in the page, and not again for a client that has it; ages in it are for its script to count.
    private func board(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        let look = await desk.current()
        var view = HomeView(configuration: service.configuration, look: look, reach: reach(exchange))
        let text = view.html.text
        view.hasAges = false
        // The day is in it: times of today are shown without their date.
        let tag = HomeTag.of("\(assets.mark) \(look.at.rfc3339.prefix(10)) \(view.html.text)".utf8)
        return HomeTag.reply(
            exchange, tag: tag,
            fields: HomePage.fields + [
                ("Cache-Control", "private, no-cache"), ("Freshet-At", look.at.rfc3339), ("Freshet-Page", assets.mark),
            ], body: ByteBuffer(string: text))
    }

    private func frame(_ view: HomeView, _ look: HomeLook) -> HTML {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>Freshet</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="/home/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/home/home.css">
        <script type="module" src="/home/home.js"></script></head>
        <body data-at="\(look.at.rfc3339)" data-page="\(assets.mark)">
        <header><h1>Freshet <small>\(build.version)</small></h1>
        <p id="live"><span id="live-word">as of</span> <time id="shown" datetime="\(look.at.rfc3339)">\
        \(String(look.at.rfc3339.dropFirst(11).dropLast()))</time> UTC\(started(look))</p></header>
        <div id="lost" role="alert"></div>
        <noscript><p class="empty">Without JavaScript this page stands still: reload it for newer numbers.</p></noscript>
        <form id="access" hidden><label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" spellcheck="false" placeholder="fr_…">
        <button>Use</button> <button type="button" id="forget" hidden>Forget</button>
        <span id="access-note"></span></form>
        <main>\(view.html)</main>
        <footer><nav aria-label="Elsewhere"><a href="/health">/health</a> <a href="/metrics">/metrics</a> \
        <a href="/openapi.json">/openapi.json</a> <a href="/admin/status">/admin/status</a> \
        <a href="/v1/events">/v1/events</a> \(apps)<code>/v1/why/{source}/{dataset}/{key}</code></nav></footer>
        </body></html>

        """
    }

    /// The apps that have a page of their own.
    private var apps: [HTML] {
        service.configuration.apps.filter { $0.routes.contains { $0.method == "GET" && $0.pattern == "/" } }.map {
            app in
            let path = "/apps/\(type(of: app).name)/"
            return "<a href=\"\(path)\">\(path)</a> "
        }
    }

    private func started(_ look: HomeLook) -> HTML {
        guard let report = look.report else { return "" }
        let at = HomeText.second(report.startedAt)
        let up = HomeText.span((look.at - at).components.seconds)
        return ", up <time class=\"age\" datetime=\"\(at.rfc3339)\">\(up)</time>"
    }
}
