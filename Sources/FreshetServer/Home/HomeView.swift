import FreshetCore
import FreshetEngine

/// Draws what a look found, as far as a reader may see it.
struct HomeView: Sendable {
    /// What a reader may see.
    enum Reach: Int, Comparable, Sendable {
        /// What everybody is told by `/health`: reads need a token.
        case health
        /// What readers see.
        case reader
        /// Budgets and keys, too.
        case `operator`

        static func < (a: Reach, b: Reach) -> Bool { a.rawValue < b.rawValue }
    }

    let configuration: Configuration
    let look: HomeLook
    let reach: Reach
    /// Whether ages are written out; the text without them is the same as long as nothing happened.
    var hasAges = true

    var report: StatusReport? { look.report }

    /// The part of the page that changes.
    var html: HTML {
        let panels: HTML
        if reach == .health {
            panels = ""
        } else {
            panels = "\(figures)\(charts)"
        }
        let aside: HTML = reach == .health ? "" : "\(queue)\(budgets)\(cluster)\(events)"
        return """
            <div id="board" data-reach="\(HomeView.word(reach))">
            \(headline)
            \(panels)
            <div id="columns">
            <section id="sources" aria-label="Sources"><h2>Sources</h2>\(sources)</section>
            <div id="aside">\(aside)</div>
            </div>
            </div>
            """
    }

    static func word(_ reach: Reach) -> String {
        switch reach {
        case .health: "health"
        case .reader: "reader"
        case .operator: "operator"
        }
    }

    func states() -> [(source: SourceConfig, state: HomeState)] {
        configuration.sources.map { source in
            (source, HomeState(report?.sources.first { $0.name == source.name }))
        }
    }

    // MARK: The first line

    private var headline: HTML {
        let states = states()
        let worst = states.map(\.state.grade).max() ?? .limited
        let notices = notices
        let grade = report == nil ? .down : max(worst, notices.isEmpty ? .fine : .limited)
        let style = grade == .fine ? "fine" : grade == .limited ? "limited" : "down"
        let sign = grade == .fine ? "●" : grade == .limited ? "◐" : "▲"
        return """
            <section id="now" class="\(style)" aria-label="State">
            <p class="verdict"><span class="sign" aria-hidden="true">\(sign)</span> <strong>\(verdict(states))</strong></p>
            \(notices.isEmpty ? HTML.none : "<ul>\(notices)</ul>" as HTML)
            </section>
            """
    }

    private func verdict(_ states: [(source: SourceConfig, state: HomeState)]) -> String {
        guard report != nil else { return "The store does not answer; documents in memory are still served" }
        guard !states.isEmpty else { return "No source is configured" }
        let bad = states.filter { $0.state.grade != .fine }.sorted { $0.state.grade > $1.state.grade }
        guard !bad.isEmpty else {
            return states.count == 1 ? "\(states[0].source.name) takes calls" : "All \(states.count) sources take calls"
        }
        let named = bad.prefix(4).map { "\($0.source.name) \($0.state.word)" }.joined(separator: " · ")
        let more = bad.count > 4 ? " · and \(bad.count - 4) more" : ""
        return named + more + (bad.count < states.count ? " · \(states.count - bad.count) ok" : "")
    }

    private var notices: [HTML] {
        guard let report else {
            return ["<li>The log says why; <a href=\"/readyz\">/readyz</a> says whether reads can be served.</li>"]
        }
        guard reach > .health else { return [] }
        return HealthReport.make(report, build: BuildInfo(version: ""), now: look.at).warnings.map { warning in
            "<li><b>\(warning.name)</b> \(warning.text)</li>"
        }
    }

    // MARK: Times

    /// How long ago something was; the script counts on.
    func age(_ moment: Timestamp?) -> HTML {
        guard let moment else { return "–" }
        let text = hasAges ? HomeText.span((look.at - moment).components.seconds) : ""
        return "<time class=\"age\" datetime=\"\(HomeText.second(moment).rfc3339)\">\(text)</time>"
    }

    /// How long until something is due; the script counts on.
    func due(_ moment: Timestamp) -> HTML {
        let left = (moment - look.at).components.seconds
        let text = !hasAges ? "" : left > 0 ? "in \(HomeText.span(left))" : "due now"
        return "<time class=\"due\" datetime=\"\(HomeText.second(moment).rfc3339)\">\(text)</time>"
    }

    /// The time of day in UTC, with the date when it is another day.
    func clock(_ moment: Timestamp) -> HTML {
        let text = HomeText.second(moment).rfc3339
        let isToday = text.prefix(10) == look.at.rfc3339.prefix(10)
        let (day, time) = (text.prefix(10), text.dropFirst(11).dropLast())
        let shown = isToday ? String(time) : "\(day) \(time.prefix(5))"
        return "<time class=\"clock\" datetime=\"\(text)\">\(shown)</time>"
    }
}
