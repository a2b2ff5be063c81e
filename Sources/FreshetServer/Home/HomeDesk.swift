import FreshetCore
import FreshetEngine
import Logging

/// What the page shows, looked up once for all who look at it.
struct HomeLook: Sendable {
    /// When it was looked up.
    var at: Timestamp
    /// `nil` when the store did not answer.
    var report: StatusReport?
    var history = HomeHistory()
    var news: [HomeNews.Item] = []
    /// The last event that was read.
    var place: EventPlace?
    /// Since when each source is as it is, where the source itself does not say.
    var since: [String: Timestamp] = [:]
}

/// Looks at the engine for the page: at most once in two seconds, however many look, and every ten seconds for the charts.
actor HomeDesk {
    /// How often the charts get a point, at best.
    static let interval = Duration.seconds(10)
    /// For how long a look is good enough.
    static let patience = Duration.seconds(2)

    private let service: any MirrorService
    private let clock: any FreshetClock
    private var look: HomeLook?
    private var lookedAt: Duration?
    /// How long the last look took: a large store is asked more seldom.
    private var took = Duration.zero
    private var flight: Task<HomeLook, Never>?
    private var history = HomeHistory()
    private var news = HomeNews()
    private var conditions: [String: (word: String, since: Timestamp)] = [:]

    init(service: any MirrorService, clock: any FreshetClock) { (self.service, self.clock) = (service, clock) }

    /// Adds points to the charts until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            _ = await current()
            // A fiftieth of the time at most goes into looking.
            do { try await clock.sleep(for: max(HomeDesk.interval, took * 50)) } catch { return }
        }
    }

    /// The last look, or a new one where that is too old.
    func current() async -> HomeLook {
        if let look, let lookedAt, clock.monotonic() - lookedAt < max(HomeDesk.patience, took * 20) { return look }
        if let flight { return await flight.value }
        // Unstructured: who asked first may go before others have their answer.
        let flight = Task { await self.take() }
        self.flight = flight
        let look = await flight.value
        self.flight = nil
        return look
    }

    private func take() async -> HomeLook {
        let began = clock.monotonic()
        let report = try? await service.status()
        await readNews()
        let now = clock.now()
        var found = HomeLook(at: HomeText.second(now), report: report)
        if let report { note(report, at: now) }
        (found.history, found.news, found.place) = (history, news.items, news.place)
        found.since = conditions.mapValues { HomeText.second($0.since) }
        (look, lookedAt, took) = (found, clock.monotonic(), clock.monotonic() - began)
        return found
    }

    private func note(_ report: StatusReport, at now: Timestamp) {
        let calls = HomeDesk.calls(service.metrics.values(of: "freshet_upstream_requests_total"))
        var samples: [String: HomeHistory.Sample] = [:]
        for source in report.sources {
            var sample = calls[source.name] ?? HomeHistory.Sample()
            for (id, census) in report.datasets where id.source == source.name {
                sample.live += census.live
                sample.stale += census.stale
            }
            samples[source.name] = sample
            let word = HomeState(source).word
            if conditions[source.name]?.word != word { conditions[source.name] = (word, now) }
        }
        history.add(samples, at: now)
    }

    private func readNews() async {
        // A log that cannot be read shows in the report; the last events stay.
        guard let epoch = try? await service.store.eventEpoch(), let newest = try? await service.store.newestOffset()
        else { return }
        let start = Swift.max(0, newest - Int64(HomeNews.reach))
        let known = news.place.flatMap { $0.epoch == epoch ? $0.offset : nil } ?? 0
        guard news.place?.epoch != epoch || known < newest else { return }
        guard let page = try? await service.store.events(after: Swift.max(start, known), limit: HomeNews.reach) else {
            return
        }
        news.add(page.events, epoch: epoch, newest: newest)
    }

    /// Calls and failed calls by source, from the engine's counter by source, key and outcome.
    static func calls(_ values: [String: Double]) -> [String: HomeHistory.Sample] {
        var samples: [String: HomeHistory.Sample] = [:]
        for (labels, value) in values {
            guard let source = label("source", in: labels), let outcome = label("outcome", in: labels) else { continue }
            let count = Int(value)
            samples[source, default: HomeHistory.Sample()].calls += count
            // A 304 and a 404 are answers.
            let isGood = outcome.hasPrefix("2") || outcome == "304" || outcome == "404"
            if !isGood { samples[source, default: HomeHistory.Sample()].failed += count }
        }
        return samples
    }

    private static func label(_ name: String, in labels: String) -> String? {
        let opening = name + "=\""
        let start =
            labels.hasPrefix(opening)
            ? labels.index(labels.startIndex, offsetBy: opening.count)
            : labels.firstRange(of: "," + opening)?.upperBound
        guard let start, let end = labels[start...].firstIndex(of: "\"") else { return nil }
        return String(labels[start..<end])
    }
}
