/// One kind of document of a source.
public struct DatasetConfig: Sendable {
    /// `source.name`.
    public var id: DatasetID
    /// The path below the base URL with its query, parameters in braces: `/clans/{tag}`, `/search?q={q}`.
    public var template: PathTemplate
    /// How the value of each parameter is normalised, by parameter name; a missing one is `text`.
    public var normalisers: [String: KeyNormaliser] = [:]
    /// Younger is fresh.
    public var maxAge = Duration.seconds(600)
    /// The least that upstream's `Cache-Control` or `Expires` can shorten `max_age` to; at most `maxAge`.
    public var maxAgeFloor = Duration.seconds(600)
    /// The most that upstream can lengthen `max_age` to, at least `maxAge`; `nil` trusts upstream up to 30 days.
    public var maxAgeCeiling: Duration?
    /// The priority of a refresh that a reader's stale read causes.
    public var priority = Priority.high
    /// What is refreshed without being asked.
    public var refresh: RefreshSchedule?
    /// How long superseded versions are kept; `nil` keeps none.
    public var historyKeep: Period?
    /// JSONPaths whose changes are quiet.
    public var ignoreChanges: [String] = []
    /// By the JSONPath of the elements of an array the member that they are known by when changes are told, in order.
    public var diffKeys: [(path: String, member: String)] = []
    /// JSONPaths that a good document must have.
    public var require: [String] = []
    /// How several answers make one document.
    public var pagination: PaginationConfig?
    /// Consecutive 404s after which a known key answers 404; at least 1.
    public var goneAfter = 3
    /// How long a 404 is remembered; the source's value unless set.
    public var notFoundFor = Duration.seconds(600)
    /// The largest document in bytes.
    public var maxBody = 8 << 20
    /// The longest one call may take; the source's value unless set.
    public var timeout: Duration?
    /// How failed calls are repeated; the source's rules unless set.
    public var retry: RetryConfig?
    /// The ids of the keys that may be used for it; every key of the source when `nil`.
    public var keyIDs: [String]?
    /// By document key: the ids of the keys that may be used for that document; other documents follow ``keyIDs``.
    ///
    /// For APIs that answer for whoever owns the key. A document whose list is empty can be asked for with no key at all.
    public var keyIDsByDocument: [String: [String]] = [:]
    /// Where a document may lie upstream, by its key: paths with query below the base URL, in the order in which they are asked.
    ///
    /// For upstreams that keep one kind of document in several places. The next place is asked when one answers 404 or without what
    /// ``require`` names, each with a call of its own. Without any, or with an empty list, the document lies where ``template`` says.
    public var places: (@Sendable (_ key: String) -> [String])?
    /// The rows that documents become; `nil` makes none.
    public var tables: TablesConfig?

    /// The ids of the keys that may be used for a document; every key of the source when `nil`.
    public func keyIDs(forKey key: String) -> [String]? { keyIDsByDocument[key] ?? keyIDs }

    /// Creates a dataset with defaults.
    public init(id: DatasetID, template: PathTemplate) { (self.id, self.template) = (id, template) }
}

/// What is refreshed without being asked, and when.
public struct RefreshSchedule: Sendable, Hashable {
    /// When.
    public enum Timing: Sendable, Hashable {
        /// At an interval, counted per key from its last refresh.
        case every(Period)
        /// At the times of a five-field cron expression in a time zone (IANA name).
        case cron(String, timeZone: String)
    }

    /// Which keys.
    public enum Selection: Sendable, Hashable {
        /// Every key in the store.
        case all
        /// Keys that a client has read within ``RefreshSchedule/trackedFor``.
        case tracked
        /// These keys, fetched also when never asked for.
        case list([String])
    }

    /// What happens to runs that fell due while nothing ran (stopped, maintenance).
    public enum Missed: String, Sendable, CaseIterable {
        /// One run makes up for all of them.
        case once
        /// They are skipped and counted.
        case skip
    }

    /// When.
    public var timing: Timing
    /// Which keys.
    public var selection: Selection
    /// The priority of these refreshes.
    public var priority = Priority.low
    /// What happens to runs that were missed.
    public var missed = Missed.once
    /// How long a read keeps a key tracked.
    public var trackedFor = Duration.seconds(7 * 86_400)
    /// By what is known of each key instead of at one pace; ``timing`` is then that of the slowest class, for estimates.
    public var adaptive: AdaptiveRefresh?

    /// Creates a schedule that follows what is known of each key.
    ///
    /// The keys of a list are fetched also when nobody asked for them; `tracked` leaves those alone that nobody reads.
    public init(_ adaptive: AdaptiveRefresh, selection: Selection) {
        self.init(timing: .every(Period(adaptive.classes.last?.every ?? .seconds(28_800))), selection: selection)
        self.adaptive = adaptive
        priority = adaptive.classes.last?.priority ?? .low
        if selection == .tracked { self.adaptive?.trackedFor = adaptive.trackedFor ?? trackedFor }
    }

    /// Creates a schedule.
    public init(timing: Timing, selection: Selection) { (self.timing, self.selection) = (timing, selection) }
}

/// How several answers make one document.
public struct PaginationConfig: Sendable, Hashable {
    /// Where the next page is named.
    public enum Style: Sendable, Hashable {
        /// `?page=1`, `?page=2`, … until a page has fewer items than the first or none.
        case page(parameter: String, start: Int)
        /// `?offset=0`, `?offset=100`, … by the number of items received.
        case offset(parameter: String)
        /// A cursor in the body, sent back as a parameter; absent, null or empty ends.
        case cursor(parameter: String, path: String)
        /// `Link: <…>; rel="next"` (RFC 8288).
        case link
        /// The next URL stands in the body at this path; absent, null or empty ends.
        case nextURL(path: String)
    }

    /// Where the next page is named.
    public var style: Style
    /// The JSONPath of the item array in each page; `$` when the page is the array.
    public var items: String
    /// A fixed page size sent with each call, as parameter and value.
    public var size: PageSize?
    /// More pages than this is an error; nothing is stored then.
    ///
    /// At least 1.
    public var maxPages = 100

    /// Creates a pagination.
    public init(style: Style, items: String) { (self.style, self.items) = (style, items) }
}

/// A fixed page size sent with each call.
public struct PageSize: Sendable, Hashable {
    /// The query parameter.
    public var parameter: String
    /// Items a page, at least 1.
    public var value: Int

    /// Creates a page size.
    public init(parameter: String, value: Int) { (self.parameter, self.value) = (parameter, value) }
}
