import FreshetCore

/// A class of keys as the file has it.
struct ClassDraft: Sendable {
    var name = ""
    var when: [Named<[String]>] = []
    var readWithin: Duration?
    var changedWithin: Duration?
    var during: String?
    var priority = Priority.low
    var every = Duration.seconds(3600)
    var least: Duration?
    var most: Duration?
    var target: Duration?
    var place = Place()

    init() {}

    init(showing kind: RefreshClass) {
        (name, priority, every, target) = (kind.name, kind.priority, kind.every, kind.target)
        (readWithin, changedWithin, during) = (kind.readWithin, kind.changedWithin, kind.during)
        when = kind.when.map { Named(name: $0.path, value: $0.values) }
        least = kind.least == kind.every / 4 ? nil : kind.least
        most = kind.most == kind.every * 4 ? nil : kind.most
    }

    var config: RefreshClass {
        var kind = RefreshClass(
            name: name, priority: priority, every: every, least: least, most: most,
            when: when.map { RefreshClass.Condition(path: $0.name, values: $0.value) }, readWithin: readWithin,
            changedWithin: changedWithin, target: target)
        kind.during = during
        return kind
    }
}

/// A strategy as the file has it.
struct StrategyDraft: Sendable {
    var share = 1.0
    var policy = RefreshStrategy.Kind.adaptive
    var every: Duration?
    var place = Place()
}

/// A window of the calendar as the file has it.
struct WindowDraft: Sendable {
    var opens = ""
    var length = Duration.seconds(86_400)
    var place = Place()
}

/// The parts of `refresh:` that follow what is known of each key.
enum AdaptiveTable {
    static let kind = Section<ClassDraft>(
        "refresh_class", at: "datasets.<dataset>.refresh.classes[]",
        doc:
            "A kind of key. A key belongs to the first class that applies, else to the last; all that a class asks must hold.",
        example: "{ name: asked, read_within: PT1H, priority: high, every: PT30M }", defaults: ClassDraft(),
        place: \.place,
        keys: [
            Key("name", \.name, .text("name", example: "asked"), required: true, "A short name, shown by `why`."),
            Key(
                "when", \.when,
                .map(of: .oneOrMore(.text(example: "inWar")), named: "JSONPath") { entry, reading in
                    let name = ConfigScalar(text: entry.key, written: entry.key, origin: .literal)
                    let node = ConfigNode(content: .scalar(name), mark: entry.mark, path: entry.value.path)
                    return Kind<String>.jsonPath.read(node, &reading) != nil
                },
                defaultWords: "nothing", synonyms: ["if", "match", "where"],
                "What the document says: JSONPaths with one value or a list of them, compared as text."),
            Key(
                "read_within", \.readWithin, .optional(.duration(atLeast: .seconds(1))), synonyms: ["asked_within"],
                "A client has read it within this time."),
            Key(
                "changed_within", \.changedWithin, .optional(.duration(atLeast: .seconds(1))),
                "Its content has changed within this time."),
            Key(
                "during", \.during, .optional(.text("name of a window", example: "season")), synonyms: ["calendar"],
                "A window of `calendar` is open."),
            Key("priority", \.priority, .priority, required: true, "How urgent its refreshes are."),
            Key(
                "every", \.every, .duration(atLeast: .milliseconds(100)), required: true,
                synonyms: ["interval", "period"],
                "The interval of a key that is read and changes about once in it; with calls to spare none is refreshed less often."
            ),
            Key(
                "min", \.least, .optional(.duration(atLeast: .milliseconds(100))), defaultWords: "a quarter of `every`",
                synonyms: ["least", "at_least"], "The shortest interval, for keys with many readers or many changes."),
            Key(
                "max", \.most, .optional(.duration(atLeast: .milliseconds(100))), defaultWords: "four times `every`",
                synonyms: ["most", "at_most"],
                "The longest interval, for keys that nobody reads while calls are scarce."),
            Key(
                "target", \.target, .optional(.duration(atLeast: .milliseconds(100))),
                defaultWords: "that of the dataset", "How old it may be when it is read."),
        ])

    static let strategy = Section<StrategyDraft>(
        "refresh_strategy", at: "datasets.<dataset>.refresh.strategies.<strategy>",
        doc: "A way of deciding, on a share of the keys, told by a hash of the key.",
        example: "{ share: 50%, policy: fixed }", defaults: StrategyDraft(), place: \.place,
        keys: [
            Key("share", \.share, .percent(upTo: 100), required: true, "The share of keys; all together are 100%."),
            Key(
                "policy", \.policy, .choice("a policy"),
                "`adaptive` by demand and change rate, `fixed` at the pace of each class."),
            Key(
                "every", \.every, .optional(.duration(atLeast: .milliseconds(100))),
                "With `fixed`: one interval for all classes."),
        ])

    static let window = Section<WindowDraft>(
        "refresh_window", at: "datasets.<dataset>.refresh.calendar.<window>",
        doc: "A span of time that comes again, such as the days of a season.",
        example: "{ opens: \"0 8 1 * *\", for: P10D }", defaults: WindowDraft(), place: \.place,
        keys: [
            Key(
                "opens", \.opens, .cron, required: true, synonyms: ["start", "from", "cron"],
                "When it opens: a cron expression in UTC."),
            Key(
                "for", \.length, .duration(atLeast: .seconds(60)), required: true, synonyms: ["length", "lasts"],
                "How long it stays open."),
        ])
}

/// The adaptive keys of `refresh:` as the file has them.
struct AdaptiveDraft: Sendable {
    enum Policy: String, Sendable, CaseIterable { case adaptive, fixed }

    var policy: Policy?
    var classes: [ClassDraft] = []
    var lookAt: [String] = []
    var target: Duration?
    var targetShare = 0.95
    var strategies: [Named<StrategyDraft>] = []
    var calendar: [Named<WindowDraft>] = []
    var lead = Duration.seconds(600)

    init() {}

    init(showing config: AdaptiveRefresh) {
        policy = config.strategies.count == 1 && config.strategies[0].name == Policy.fixed.rawValue ? .fixed : .adaptive
        classes = config.classes.map(ClassDraft.init(showing:))
        (lookAt, target, targetShare, lead) = (config.lookAt, config.target, config.targetShare, config.lead)
        if policy == .adaptive {
            strategies = config.strategies.map {
                var draft = StrategyDraft()
                (draft.share, draft.policy, draft.every) = ($0.share, $0.kind, $0.every)
                return Named(name: $0.name, value: draft)
            }
        }
        calendar = config.calendar.map {
            var draft = WindowDraft()
            (draft.opens, draft.length) = ($0.opens, $0.length)
            return Named(name: $0.name, value: draft)
        }
    }

    /// Whether anything asks for it.
    var isWanted: Bool { policy != nil || !classes.isEmpty }

    /// The policy, with what is wrong reported.
    func config(_ place: Place, _ reading: inout Reading) -> AdaptiveRefresh? {
        guard !classes.isEmpty else {
            if place.broken.isDisjoint(with: ["classes"]) {
                reading.problem(
                    place, "policy", "needs classes:, such as [\(AdaptiveTable.kind.info.example)]")
            }
            return nil
        }
        let before = reading.faults
        if classes.count > AdaptiveRefresh.mostClasses {
            reading.problem(
                place, "classes", "lists \(classes.count) classes; \(AdaptiveRefresh.mostClasses) are the most")
        }
        for (index, kind) in classes.enumerated() { check(kind, index, &reading) }
        if lead >= .seconds(3600) { reading.problem(place, "lead", "is an hour or longer; make it shorter") }
        checkStrategies(place, &reading)
        guard reading.faults == before else { return nil }
        var config = AdaptiveRefresh(classes: classes.map(\.config))
        (config.lookAt, config.target, config.targetShare, config.lead) = (lookAt, target, targetShare, lead)
        config.strategies = strategies.map {
            RefreshStrategy(name: $0.name, share: $0.value.share, kind: $0.value.policy, every: $0.value.every)
        }
        if policy == .fixed { config.strategies = [RefreshStrategy(name: Policy.fixed.rawValue, kind: .fixed)] }
        config.calendar = calendar.compactMap { window in
            try? CalendarWindow(name: window.name, opens: window.value.opens, length: window.value.length)
        }
        return config
    }

    private func check(_ kind: ClassDraft, _ index: Int, _ reading: inout Reading) {
        let made = kind.config
        if made.least > made.every {
            reading.problem(kind.place, "min", "is longer than every, \(made.every.iso); make it as short at least")
        }
        if made.most < made.every {
            reading.problem(kind.place, "max", "is shorter than every, \(made.every.iso); make it as long at least")
        }
        if classes[..<index].contains(where: { $0.name == kind.name }) {
            reading.problem(kind.place, "name", "is the name of another class; give it its own")
        }
        if let window = kind.during, !calendar.contains(where: { $0.name == window }) {
            let hint = Suggestion.sentence(for: window, in: calendar.map(\.name), listing: "windows of calendar")
            reading.problem(kind.place, "during", "\"\(window)\" is no window of calendar; \(hint)")
        }
    }

    private func checkStrategies(_ place: Place, _ reading: inout Reading) {
        guard !strategies.isEmpty else { return }
        if policy == .fixed {
            reading.problem(place, "strategies", "are compared under policy: adaptive; write that")
        }
        let sum = strategies.reduce(0) { $0 + $1.value.share }
        if abs(sum - 1) > 0.0001 {
            reading.problem(
                place, "strategies", "have shares of \(Int((sum * 100).rounded()))% together; make them 100%")
        }
        for strategy in strategies {
            if !strategy.name.utf8.allSatisfy({
                $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
            }) {
                reading.problem(
                    strategy.mark, strategy.path, "a strategy's name stands in metric names: write a-z, 0-9 and _ only")
            }
            if strategy.value.every != nil, strategy.value.policy != .fixed {
                reading.problem(strategy.value.place, "every", "belongs to policy: fixed")
            }
        }
    }
}
