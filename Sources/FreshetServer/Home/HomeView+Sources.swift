import FreshetCore
import FreshetEngine

extension HomeView {
    /// Every source with its datasets.
    var sources: HTML {
        guard !configuration.sources.isEmpty else {
            return """
                <p class="empty">No source is configured yet. <code>freshet init</code> writes a first configuration, \
                <code>freshet check</code> reads it over.</p>
                """
        }
        // What is wrong comes first; the rest stays in the order of the configuration.
        let ordered = states().enumerated().sorted { a, b in
            (-a.element.state.grade.rawValue, a.offset) < (-b.element.state.grade.rawValue, b.offset)
        }
        let articles = ordered.map { article($0.element.source, $0.element.state) }
        return "\(articles)"
    }

    private func article(_ source: SourceConfig, _ state: HomeState) -> HTML {
        let status = report?.sources.first { $0.name == source.name }
        let datasets = configuration.datasets.filter { $0.id.source == source.name }
        return """
            <article class="source \(state.style)" id="source-\(source.name)">
            <h3><span class="state"><span class="sign" aria-hidden="true">\(state.sign)</span> \(state.word)</span> \
            \(source.name) \(reach == .health ? HTML.none : spark(source))</h3>
            \(facts(source, status, state))
            \(reach == .health ? HTML.none : table(source, datasets))
            </article>
            """
    }

    private func spark(_ source: SourceConfig) -> HTML {
        let minutes = look.history.minutes(of: source.name, at: look.at)
        let (calls, failed) = minutes.reduce(into: (0, 0)) { sum, minute in
            sum.0 += minute?.calls ?? 0
            sum.1 += minute?.failed ?? 0
        }
        let words = "\(HomeText.count(calls)) calls in the last hour, \(HomeText.count(failed)) failed"
        return """
            <span class="spark" title="\(words)">\(HomeCharts.calls(minutes, label: words))</span>\
            <span class="tally">\(HomeText.count(calls)) calls/h\
            \(failed > 0 ? ", \(HomeText.count(failed)) failed" as HTML : HTML.none)</span>
            """
    }

    /// Why it stands so, since when, and what comes next.
    private func facts(_ source: SourceConfig, _ status: SourceStatus?, _ state: HomeState) -> HTML {
        guard let status else { return "<p class=\"facts\">Nothing is known of it: the store does not answer.</p>" }
        var parts: [HTML] = []
        if let reason = status.reason { parts.append("<span class=\"reason\">\(reason)</span>") }
        if state.grade != .fine, let since = status.since ?? look.since[source.name] {
            parts.append("since \(clock(since)) (\(age(since)))")
        }
        if state.grade != .fine, let until = status.until {
            parts.append("next: \(state.next) at \(clock(until)) (\(due(until)))")
        } else {
            parts.append("next: \(state.next)")
        }
        if reach > .health {
            if status.inFlight > 0 { parts.append("\(status.inFlight) calls under way") }
            if let success = status.lastSuccess { parts.append("last success \(age(success)) ago") }
            if let failure = status.lastFailure, state.grade != .fine || failure.at > (status.lastSuccess ?? failure.at)
            {
                parts.append("last failure \(failure.kind) \(age(failure.at)) ago")
            }
        }
        let items = parts.map { "<li>\($0)</li>" as HTML }
        return "<ul class=\"facts\">\(items)</ul>"
    }

    // MARK: Datasets

    private func table(_ source: SourceConfig, _ datasets: [DatasetConfig]) -> HTML {
        guard !datasets.isEmpty else { return "<p class=\"empty\">It has no dataset.</p>" }
        let rows = datasets.map { row($0) }
        return """
            <table class="datasets"><caption class="unseen">Datasets of \(source.name)</caption>
            <thead><tr><th scope="col">dataset</th><th scope="col" class="n">documents</th>\
            <th scope="col" class="n">fresh</th><th scope="col" class="n">oldest</th>\
            <th scope="col" class="n">stale</th><th scope="col" class="n" title="upstream says that they do not exist">404</th>\
            <th scope="col" class="n" title="asked for, never fetched with success">waiting</th>\
            <th scope="col">last failure</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            """
    }

    private func row(_ dataset: DatasetConfig) -> HTML {
        let id = dataset.id
        let census = report?.datasets.first { $0.id == id }?.census ?? DatasetCensus()
        let list = "/v1/\(PercentEncoding.encode(id.source))/\(PercentEncoding.encode(id.name))"
        let share = census.live > 0 ? Double(census.live - census.stale) / Double(census.live) : nil
        let fresh: HTML = share.map { "\(HomeText.percent($0)) \(HomeCharts.share($0))" } ?? "–"
        let isEmpty = census.live == 0 && census.unknown == 0
        return """
            <tr\(isEmpty ? " class=\"idle\"" as HTML : HTML.none)>\
            <th scope="row"><a href="\(list)">\(id.name)</a></th>\
            <td class="n" data-label="documents">\(HomeText.count(census.live))</td>\
            <td class="n fresh" data-label="fresh">\(fresh)</td>\
            <td class="n" data-label="oldest">\(age(census.oldest))</td>\
            \(number(census.stale, "stale"))\(number(census.missing + census.gone, "404"))\
            \(number(census.unknown, "waiting"))\
            <td data-label="last failure">\(failure(id))</td></tr>
            """
    }

    private func number(_ value: Int, _ label: String) -> HTML {
        let style = value == 0 ? "n zero" : "n"
        return "<td class=\"\(style)\" data-label=\"\(label)\">\(HomeText.count(value))</td>"
    }

    /// The last failure, marked when nothing has succeeded since.
    private func failure(_ id: DatasetID) -> HTML {
        guard let attempts = report?.attempts[id], let failure = attempts.lastFailure else {
            return "<span class=\"zero\">none</span>"
        }
        let isOver = attempts.lastSuccess.map { $0 >= failure.at } ?? false
        let sign: HTML = isOver ? "" : "<span class=\"sign\">▲</span> "
        return """
            <span class="\(isOver ? "over" : "failing")" title="\(failure.message)">\(sign)\(failure.kind), \
            \(age(failure.at)) ago</span>
            """
    }
}
