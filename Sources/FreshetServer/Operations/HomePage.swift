import FreshetCore
import FreshetEngine

/// The plain page at `/`: what is mirrored, how it stands, where to look.
struct HomePage: Sendable {
    let service: any MirrorService
    let build: BuildInfo

    func get(_ exchange: Exchange) async throws -> Reply {
        let status = try? await service.status()
        return Reply(
            200, type: "text/html; charset=utf-8", text: page(status, exchange.now),
            fields: [
                ("Cache-Control", "no-store"),
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ("X-Content-Type-Options", "nosniff"),
            ])
    }

    private func page(_ status: StatusReport?, _ now: Timestamp) -> String {
        let sources = service.configuration.sources.map { source in
            section(source, status?.sources.first { $0.name == source.name }, status, now)
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Freshet</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>
            body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
            table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;
            border-bottom:1px solid #ddd}td.n,th.n{text-align:right}code{background:#f3f3f3;padding:0 .2rem}
            .down{color:#a00}.limited{color:#960}.ok{color:#070}
            </style></head><body>
            <h1>Freshet \(escape(build.version))</h1>
            <p>Answers from its own copy of these sources, and keeps it fresh.</p>
            \(sources.joined(separator: "\n"))
            <h2>Where to look</h2>
            <ul>
            <li><a href="/health">/health</a> sources, store and queue</li>
            <li><a href="/metrics">/metrics</a> numbers for Prometheus</li>
            <li><a href="/openapi.json">/openapi.json</a> every route</li>
            <li><a href="/admin/status">/admin/status</a> budgets, keys and queue</li>
            <li><code>/v1/why/{source}/{dataset}/{key}</code> why a document is as it is</li>
            </ul></body></html>

            """
    }

    private func section(
        _ source: SourceConfig, _ live: SourceStatus?, _ status: StatusReport?, _ now: Timestamp
    ) -> String {
        let health = live?.health.rawValue ?? "unknown"
        let reason = live?.reason.map { ": " + escape($0) } ?? ""
        let rows = service.configuration.datasets.filter { $0.id.source == source.name }.map { dataset in
            row(dataset, status?.datasets.first { $0.id == dataset.id }?.census, now)
        }
        return """
            <h2>\(escape(source.name)) <small class="\(health)">\(health)\(reason)</small></h2>
            <table><tr><th>dataset</th><th class="n">documents</th><th class="n">stale</th><th class="n">404</th>
            <th class="n">oldest</th><th>read at</th></tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    private func row(_ dataset: DatasetConfig, _ census: DatasetCensus?, _ now: Timestamp) -> String {
        let id = dataset.id
        let list = "/v1/\(PercentEncoding.encode(id.source))/\(PercentEncoding.encode(id.name))"
        let names = dataset.template.parameters
        let key = names.isEmpty ? DocumentID.singletonKey : names.map { "{\($0)}" }.joined(separator: "/")
        let oldest = census?.oldest.map { age((now - $0).components.seconds) } ?? "–"
        return """
            <tr><td><a href="\(escape(list))">\(escape(id.name))</a></td><td class="n">\(census?.live ?? 0)</td>\
            <td class="n">\(census?.stale ?? 0)</td><td class="n">\((census?.missing ?? 0) + (census?.gone ?? 0))</td>\
            <td class="n">\(oldest)</td><td><code>\(escape(list + "/" + key))</code></td></tr>
            """
    }

    private func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds)) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    private func escape(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.append(character)
            }
        }
        return out
    }
}
