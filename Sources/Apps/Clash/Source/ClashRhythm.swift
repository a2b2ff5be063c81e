import FreshetCore

/// How fast each kind of key is refreshed: what is fought, what was asked for lately, what moves, the rest.
enum ClashRhythm {
    /// Read so recently counts as asked for.
    private static let asked = Duration.seconds(1_800)
    /// Changed so recently counts as active.
    private static let active = Duration.seconds(86_400)

    /// Clans and players; they should be an hour old at most when they are read.
    static func standard(_ kind: ClashFreshness.Kind) -> AdaptiveRefresh? {
        guard let every = kind.every else { return nil }
        var adaptive = AdaptiveRefresh(classes: classes(every))
        adaptive.target = .seconds(3_600)
        return adaptive
    }

    /// Wars; while one is on it should be ten minutes old at most.
    static func war(_ kind: ClashFreshness.Kind) -> AdaptiveRefresh? {
        guard let every = kind.every else { return nil }
        let war = RefreshClass(
            name: "war", priority: .critical, every: kind.maxAge, most: max(kind.maxAge, .seconds(600)),
            when: [.init(path: "$.state", values: [WarState.preparation.rawValue, WarState.inWar.rawValue])],
            target: .seconds(600))
        var adaptive = AdaptiveRefresh(classes: [war] + classes(every))
        adaptive.lookAt = ["$.startTime", "$.endTime"]
        return adaptive
    }

    private static func classes(_ every: Duration) -> [RefreshClass] {
        [
            RefreshClass(name: "asked", priority: .high, every: every, readWithin: asked),
            RefreshClass(name: "active", priority: .medium, every: every * 4, changedWithin: active),
            RefreshClass(name: "rest", priority: .low, every: every * 16),
        ]
    }
}

extension DatasetConfig {
    /// Lets what is known of each key decide; the plain interval stays for estimates.
    mutating func adapt(_ adaptive: AdaptiveRefresh?, by freshness: ClashFreshness) {
        guard freshness.isAdaptive, let adaptive, let plain = refresh else { return }
        refresh = RefreshSchedule(adaptive, selection: plain.selection)
        refresh?.timing = plain.timing
    }
}
