import FreshetCore
import FreshetEngine

extension HomeView {
    // MARK: Numbers

    /// The few numbers that tell most.
    var figures: HTML {
        guard let report else { return "" }
        let (live, stale) = report.datasets.reduce(into: (0, 0)) { sum, entry in
            sum.0 += entry.census.live
            sum.1 += entry.census.stale
        }
        let share = live > 0 ? HomeText.percent(Double(live - stale) / Double(live)) : "–"
        let (ready, running) = (report.queue.total(.ready), report.queue.total(.leased))
        let dead = report.queue.total(.dead)
        let minutes = look.history.total(at: look.at)
        return """
            <dl id="figures">
            \(figure("documents", HomeText.count(live), "\(HomeText.count(stale)) stale"))
            \(figure("fresh", share, live > 0 ? "of \(HomeText.count(live))" : "nothing is held yet"))
            \(figure("calls a minute", HomeText.count(HomeHistory.lately(minutes)), callers))
            \(figure("ready in the queue", HomeText.count(ready), "\(HomeText.count(running)) running"))
            \(figure("given up on", HomeText.count(dead), dead == 0 ? "no dead letter" : "freshet queue ls"))
            </dl>
            """
    }

    /// Whose calls are counted.
    private var callers: String { report?.cluster == nil ? "all sources" : "of this process only" }

    private func figure(_ name: String, _ value: String, _ note: String) -> HTML {
        "<div><dt>\(name)</dt><dd>\(value)</dd><dd class=\"note\">\(note)</dd></div>"
    }

    /// Calls and freshness of the last hour.
    var charts: HTML {
        let minutes = look.history.total(at: look.at)
        let known = minutes.compactMap(\.self)
        let (calls, failed) = known.reduce(into: (0, 0)) { sum, minute in
            sum.0 += minute.calls
            sum.1 += minute.failed
        }
        let peak = known.map(\.calls).max() ?? 0
        let lowest = known.compactMap(\.freshShare).min()
        let called =
            "\(HomeText.count(calls)) calls, \(HomeText.count(failed)) failed, at most \(HomeText.count(peak)) a minute"
        let whose = report?.cluster == nil ? "" : ", of this process only"
        let kept = lowest.map { "never below \(HomeText.percent($0))" } ?? "nothing is held yet"
        return """
            <section id="charts" aria-label="The last hour">
            <figure><figcaption><b>Calls</b> a minute\(whose): \(called)</figcaption>\(HomeCharts.calls(minutes, label: called))\
            <p class="axis" aria-hidden="true"><span>60 min ago</span><span>now</span></p></figure>
            <figure><figcaption><b>Fresh</b> share: \(kept)</figcaption>\(HomeCharts.freshness(minutes, label: kept))\
            <p class="axis" aria-hidden="true"><span>60 min ago</span><span>now</span></p></figure>
            </section>
            """
    }

    // MARK: Queue

    /// Refreshes by priority.
    var queue: HTML {
        guard let report else { return "" }
        let states: [(RefreshJob.State, String)] = [
            (.ready, "ready"), (.waiting, "waiting"), (.leased, "running"), (.dead, "dead"),
        ]
        let rows = Priority.allCases.map { priority -> HTML in
            let cells = states.map { state, label -> HTML in
                let count = report.queue.counts[state]?[priority] ?? 0
                return """
                    <td class="n\(count == 0 ? " zero" : "")" data-label="\(label)">\(HomeText.count(count))</td>
                    """
            }
            return """
                <tr><th scope="row">\(priority.name)</th>\(cells)\
                <td class="n" data-label="oldest">\(age(report.queue.oldestReady[priority]))</td></tr>
                """
        }
        return """
            <section id="queue" aria-label="Queue"><h2>Queue</h2>
            <table><thead><tr><th scope="col">priority</th><th scope="col" class="n">ready</th>\
            <th scope="col" class="n" title="for a time or for budget">waiting</th>\
            <th scope="col" class="n">running</th><th scope="col" class="n" title="given up on">dead</th>\
            <th scope="col" class="n" title="how long the longest ready one has waited">oldest</th></tr></thead>
            <tbody>\(rows)</tbody></table></section>
            """
    }

    // MARK: Budgets and keys

    /// Windows and keys of each source; for operators.
    var budgets: HTML {
        guard reach == .operator, let report else {
            return """
                <section id="budgets" aria-label="Budgets and keys"><h2>Budgets and keys</h2>
                <p class="empty">Shown to a token of role operator.</p></section>
                """
        }
        let parts = report.sources.filter { !$0.budgets.isEmpty || $0.keys.contains { $0.state != "ok" } }.map(budget)
        return """
            <section id="budgets" aria-label="Budgets and keys"><h2>Budgets and keys</h2>
            \(parts.isEmpty ? "<p class=\"empty\">No source declares a limit.</p>" as HTML : "\(parts)")</section>
            """
    }

    /// Lines of one source that are shown; those nearest to their limits.
    private static let lines = 6

    private func budget(_ source: SourceStatus) -> HTML {
        let fullest = source.budgets.enumerated().sorted { a, b in
            let (x, y) = (HomeView.fill(a.element), HomeView.fill(b.element))
            return x == y ? a.offset < b.offset : x > y
        }.prefix(HomeView.lines).sorted { $0.offset < $1.offset }.map(\.element)
        let windows = fullest.map { line -> HTML in
            """
            <tr><th scope="row">\(line.scope)\(line.subject.isEmpty ? "" : " \(line.subject)")</th>\
            <td class="n" data-label="left">\(HomeText.count(max(0, line.calls - line.used)))\
            <small> of \(HomeText.count(line.calls)) / \(HomeText.window(line.per))</small></td>\
            <td class="gauge">\(HomeCharts.used(line.used, of: line.calls))</td></tr>
            """
        }
        let out = source.keys.filter { $0.state != "ok" }
        let keys = out.prefix(HomeView.lines).map { key -> HTML in
            """
            <li><span class="sign" aria-hidden="true">✕</span> key <code>\(key.id)</code> \(key.state)\
            \(key.reason.map { ": \($0)" } ?? "")\
            \(key.returnsAt.map { ", returns at \(clock($0)) (\(due($0)))" as HTML } ?? HTML.none)</li>
            """
        }
        let more = source.budgets.count - fullest.count + out.count - keys.count
        let good = source.keys.count - out.count
        return """
            <h3>\(source.name) <small>\(good) of \(source.keys.count) keys in use</small></h3>
            <table><caption class="unseen">Windows of \(source.name): calls left</caption><tbody>\(windows)</tbody></table>
            \(keys.isEmpty ? HTML.none : "<ul class=\"facts\">\(keys)</ul>" as HTML)
            \(more > 0 ? "<p class=\"empty\">and \(more) more: <a href=\"/admin/status\">/admin/status</a></p>" as HTML : HTML.none)
            """
    }

    private static func fill(_ line: BudgetLine) -> Double {
        line.calls > 0 ? Double(line.used) / Double(line.calls) : 1
    }

    // MARK: Other processes

    /// Who else belongs to the deployment.
    var cluster: HTML {
        guard let cluster = report?.cluster else { return "" }
        let members = cluster.members.map { member -> HTML in
            """
            <tr><th scope="row">\(member.name)\(member.name == cluster.member ? " (this)" : "")</th>\
            <td data-label="role">\(member.role)</td><td data-label="duties">\(member.duties.joined(separator: ", "))</td>\
            <td class="n" data-label="seen">\(age(member.seenAt))</td></tr>
            """
        }
        return """
            <section id="cluster" aria-label="Processes"><h2>Processes</h2>
            <p>This one: \(cluster.role.rawValue). Jobs are leased in the <b>\(cluster.queue)</b>.</p>
            <table><thead><tr><th scope="col">process</th><th scope="col">role</th><th scope="col">duties</th>\
            <th scope="col" class="n">seen</th></tr></thead><tbody>\(members)</tbody></table></section>
            """
    }

    // MARK: Events

    /// The last events, newest first.
    var events: HTML {
        let rows = look.news.map(event)
        return """
            <section id="events" aria-label="Events"><h2>Events <small>newest first, UTC</small></h2>
            <p class="empty" id="no-events"\(rows.isEmpty ? HTML.none : " hidden" as HTML)>Nothing has changed yet.</p>
            <ol id="news" data-place="\(look.place?.text ?? "")">\(rows)</ol></section>
            """
    }

    private func event(_ item: HomeNews.Item) -> HTML {
        """
        <li id="e-\(item.id)">\(clock(item.at)) <span class="type">\(item.type)</span> \(subject(item))\
        <span class="line">\(item.line)</span></li>
        """
    }

    private func subject(_ item: HomeNews.Item) -> HTML {
        guard let document = item.document else {
            return item.source.map { "<span class=\"key\">\($0)</span>" as HTML } ?? ""
        }
        let dataset = document.dataset
        let path = "/v1/why/\(PercentEncoding.encode(dataset.source))/\(PercentEncoding.encode(dataset.name))/"
        let key = DatasetConfig.publicPath(forKey: document.key)
        return """
            <a class="key" href="\(path + key)" title="why it is as it is">\(dataset.source).\(dataset.name) \(document.key)</a>
            """
    }
}
