import FreshetCore

/// `refresh:` as the file has it.
struct RefreshDraft: Sendable {
    /// Which keys, before they are normalised.
    enum Selection: Sendable {
        case all, tracked, none
        case list([Located<String>])
    }

    var every: Period?
    var cron: String?
    var timeZone: String?
    var selection: Selection?
    var priority = Priority.low
    var missed = RefreshSchedule.Missed.once
    var trackedFor = Duration.seconds(7 * 86_400)
    var adaptive = AdaptiveDraft()
    var place = Place()

    init() {}

    init(showing schedule: RefreshSchedule) {
        switch schedule.timing {
        case .every(let period): every = period
        case .cron(let expression, let zone): (cron, timeZone) = (expression, zone)
        }
        switch schedule.selection {
        case .all: selection = .all
        case .tracked: selection = .tracked
        case .list(let keys): selection = .list(keys.map { Located(value: $0) })
        }
        (priority, missed, trackedFor) = (schedule.priority, schedule.missed, schedule.trackedFor)
        if let config = schedule.adaptive {
            adaptive = AdaptiveDraft(showing: config)
            every = nil
        }
    }
}

/// `refresh:` of a dataset.
enum RefreshTable {
    static let section = Section<RefreshDraft>(
        "refresh", at: "datasets.<dataset>.refresh",
        doc: "What is refreshed without being asked, and when: `every` or `cron`, or `classes`, one of them.",
        example: "{ every: PT30M, for: tracked }", defaults: RefreshDraft(), place: \.place,
        keys: [
            Key(
                "every", \.every, .optional(.period(atLeast: .milliseconds(100))), synonyms: ["interval", "period"],
                "The interval, counted per key from its last refresh. A month is a calendar month."),
            Key(
                "cron", \.cron, .optional(.cron), synonyms: ["schedule", "at"],
                "A cron expression with five fields: minute, hour, day of month, month, day of week."),
            Key(
                "time_zone", \.timeZone, .optional(.text("IANA name", example: "Europe/Berlin")), defaultWords: "`UTC`",
                synonyms: ["timezone", "tz", "zone"], "The time zone of `cron`."),
            Key(
                "for", \.selection, .optional(.selection),
                defaultWords: "`tracked`; the one document where `get` has no parameter",
                synonyms: ["keys", "which", "select"],
                "Which keys: `all` in the store, `tracked` (read lately), `none`, or a list of keys, which are fetched also "
                    + "when nobody asked for them."),
            Key("priority", \.priority, .priority, "The priority of these refreshes."),
            Key(
                "missed", \.missed, .choice("a policy"),
                "Runs that fell due while nothing ran: `once` makes up for all of them with one, `skip` counts and drops them."
            ),
            Key(
                "tracked_for", \.trackedFor, .duration(atLeast: .seconds(1)), synonyms: ["track"],
                "How long a read keeps a key tracked."),
            Key(
                "policy", \.adaptive.policy, .optional(.choice("a policy")), defaultWords: "`adaptive` with `classes`",
                synonyms: ["mode", "strategy"],
                "`adaptive`: each key by its class, its readers and how often it changes. `fixed`: each at the pace of its class."
            ),
            Key(
                "classes", \.adaptive.classes, .list(AdaptiveTable.kind.kind), defaultWords: "none",
                synonyms: ["class", "rules"],
                "Kinds of keys with their pace, most urgent first, instead of one `every` for all."),
            Key(
                "look_at", \.adaptive.lookAt, .oneOrMore(.jsonPath), defaultWords: "none",
                synonyms: ["look", "recheck_at"],
                "JSONPaths of moments in the document (ISO 8601, or seconds or milliseconds since 1970) at which it is fetched again."
            ),
            Key(
                "target", \.adaptive.target, .optional(.duration(atLeast: .milliseconds(100))), defaultWords: "none",
                synonyms: ["freshness", "goal"],
                "How old a document may be when it is read. It is measured and shown; health warns when too few reads keep it."
            ),
            Key(
                "target_share", \.adaptive.targetShare, .percent(upTo: 100),
                "The share of reads of the last half hour that should find the target kept; less is a warning."),
            Key(
                "strategies", \.adaptive.strategies,
                .map(of: AdaptiveTable.strategy.kind, named: "strategy") { _, _ in true },
                defaultWords: "adaptive for all",
                "Ways of deciding that are compared, each on its share of the keys."),
            Key(
                "calendar", \.adaptive.calendar,
                .map(of: AdaptiveTable.window.kind, named: "window") { _, _ in true }, defaultWords: "none",
                synonyms: ["windows", "seasons"], "Spans of time that classes may name in `during`."),
            Key(
                "lead", \.adaptive.lead, .duration(atLeast: .seconds(1)), synonyms: ["ahead"],
                "How long before the hour in which its readers usually come a key is refreshed; less than an hour."),
        ])

    /// `none`, or the section.
    static let kind = Kind<RefreshDraft?>(type: .either([.choice(["none"]), .section(section.info)])) { node, reading in
        if node.scalar?.text == "none" { return .some(nil) }
        guard node.map != nil else {
            reading.wrong(node, want: "none, or a map such as \(section.info.example)")
            return nil
        }
        guard let draft = section.read(node, &reading) else { return nil }
        return check(draft, node, &reading)
    } show: { draft in
        draft.map { section.show($0) }
    }

    private static func check(_ draft: RefreshDraft, _ node: ConfigNode, _ reading: inout Reading) -> RefreshDraft?? {
        if case .none? = draft.selection { return .some(nil) }
        if draft.adaptive.isWanted {
            for key in ["every", "cron", "time_zone", "missed", "priority"] where draft.place.has(key) {
                reading.problem(draft.place, key, "belongs to a schedule of one pace; each class has its own")
                return nil
            }
            return draft
        }
        switch (draft.every, draft.cron) {
        case (nil, nil):
            reading.problem(node, "says nothing about when; give every: PT30M, cron: \"0 6 * * *\", or classes")
            return nil
        case (_?, _?):
            reading.problem(draft.place, "cron", "every and cron are both given; keep one")
            return nil
        case (_?, nil) where draft.place.has("time_zone"):
            reading.problem(draft.place, "time_zone", "belongs to cron; an interval has no time zone")
            return nil
        default: break
        }
        if draft.place.has("tracked_for"), let selection = draft.selection {
            if case .tracked = selection {
            } else {
                reading.warning(draft.place, "tracked_for", "means nothing unless for: is tracked")
            }
        }
        return draft
    }
}

extension Kind where Value == RefreshDraft.Selection {
    static var selection: Kind {
        let keys = Kind<[Located<String>]>.list(.located(.text("key", example: "UV0YR2Q8")))
        let names = ["all", "tracked", "none"]
        return Kind(type: .either([.choice(names), keys.type])) { node, reading in
            guard let scalar = node.scalar else {
                guard node.list != nil else {
                    reading.wrong(node, want: "all, tracked, none, or a list of keys such as [UV0YR2Q8]")
                    return nil
                }
                return keys.read(node, &reading).map { .list($0) }
            }
            switch scalar.text {
            case "all": return .all
            case "tracked": return .tracked
            case "none": return RefreshDraft.Selection.none
            default:
                let near = Suggestion.nearest(to: scalar.text, in: names).map { "did you mean \"\($0)\"?" }
                let list = scalar.origin == .literal ? "[\(scalar.text)]" : "[…]"
                reading.problem(
                    node,
                    "\(node.found) is not a choice of keys; \(near ?? "write all, tracked, none, or a list: \(list)")")
                return nil
            }
        } show: { selection in
            switch selection {
            case .all: .text("all")
            case .tracked: .text("tracked")
            case .none: .text("none")
            case .list(let list): keys.show(list) ?? .list([])
            }
        }
    }
}
