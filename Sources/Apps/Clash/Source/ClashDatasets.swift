import FreshetCore

/// The datasets of the app.
struct ClashDatasets: Sendable {
    static let clan = DatasetID(source: ClashApp.name, name: "clan")
    static let goldPass = DatasetID(source: ClashApp.name, name: "gold_pass")
    static let leagueGroup = DatasetID(source: ClashApp.name, name: "league_group")
    static let leagueWar = DatasetID(source: ClashApp.name, name: "league_war")
    static let player = DatasetID(source: ClashApp.name, name: "player")
    static let raids = DatasetID(source: ClashApp.name, name: "raids")
    static let war = DatasetID(source: ClashApp.name, name: "war")
    static let warLog = DatasetID(source: ClashApp.name, name: "war_log")
    static let issuerKeys = DatasetID(source: ClashSource.issuer, name: "keys")

    let options: ClashOptions

    private var freshness: ClashFreshness { options.freshness }

    var all: [DatasetConfig] {
        let game = [clans, goldPasses, leagueGroups, leagueWars, players, raidSeasons, wars, warLogs]
        return (game + [keySet]).compactMap { $0 }.sorted { $0.id < $1.id }
    }

    // MARK: Clans and players

    private var clans: DatasetConfig? {
        dataset(Self.clan, "/clans/{tag}", freshness.clan, ClashTables.clan) { dataset in
            dataset.require = ["$.tag", "$.memberList"]
            dataset.ignoreChanges = freshness.quietInClan
            dataset.historyKeep = freshness.historyKeep
            follow(&dataset, .high)
            dataset.adapt(ClashRhythm.standard(freshness.clan), by: freshness)
        }
    }

    private var players: DatasetConfig? {
        dataset(Self.player, "/players/{tag}", freshness.player, ClashTables.player) { dataset in
            dataset.require = ["$.tag"]
            dataset.ignoreChanges = freshness.quietInPlayer
            dataset.historyKeep = freshness.historyKeep
            dataset.adapt(ClashRhythm.standard(freshness.player), by: freshness)
        }
    }

    // MARK: Wars

    private var wars: DatasetConfig? {
        dataset(Self.war, "/clans/{tag}/currentwar", freshness.war, ClashTables.war) { dataset in
            dataset.require = ["$.state"]
            dataset.priority = .critical
            dataset.historyKeep = freshness.historyKeep
            // Upstream caches wars for two minutes: asking more often brings nothing.
            dataset.maxAgeFloor = min(.seconds(120), dataset.maxAge)
            dataset.notFoundFor = .seconds(3_600)
            dataset.goneAfter = 1
            follow(&dataset, .high)
            dataset.adapt(ClashRhythm.war(freshness.war), by: freshness)
        }
    }

    private var warLogs: DatasetConfig? {
        dataset(Self.warLog, "/clans/{tag}/warlog", freshness.warLog, ClashTables.warLog) { dataset in
            dataset.require = ["$.items"]
            dataset.notFoundFor = .seconds(21_600)
            dataset.goneAfter = 1
        }
    }

    private var raidSeasons: DatasetConfig? {
        dataset(Self.raids, "/clans/{tag}/capitalraidseasons?limit=10", freshness.raids, ClashTables.raids) {
            $0.require = ["$.items"]
        }
    }

    private var leagueGroups: DatasetConfig? {
        dataset(
            Self.leagueGroup, "/clans/{tag}/currentwar/leaguegroup", freshness.leagueGroup, ClashTables.leagueGroup
        ) { dataset in
            dataset.require = ["$.state"]
            // Ten days of a month have a league; the rest answers 404, which is a state.
            dataset.notFoundFor = .seconds(7_200)
            dataset.goneAfter = 1
        }
    }

    private var leagueWars: DatasetConfig? {
        dataset(Self.leagueWar, "/clanwarleagues/wars/{tag}", freshness.leagueWar, ClashTables.leagueWar) {
            $0.require = ["$.state"]
            $0.adapt(ClashRhythm.war(freshness.leagueWar), by: freshness)
        }
    }

    /// Names the season, whose end resets donation counters.
    private var goldPasses: DatasetConfig? {
        guard let template = try? PathTemplate("/goldpass/seasons/current") else { return nil }
        var dataset = DatasetConfig(id: Self.goldPass, template: template)
        dataset.maxAge = .seconds(86_400)
        (dataset.maxAgeFloor, dataset.maxAgeCeiling) = (dataset.maxAge, dataset.maxAge)
        dataset.priority = .low
        return dataset
    }

    // MARK: Identity

    private var keySet: DatasetConfig? {
        guard case .url(let text)? = options.identity?.keySet, let parts = ClashSource.split(text),
            let template = try? PathTemplate(parts.path)
        else { return nil }
        var dataset = DatasetConfig(id: Self.issuerKeys, template: template)
        dataset.maxAge = .seconds(3_600)
        (dataset.maxAgeFloor, dataset.maxAgeCeiling) = (dataset.maxAge, dataset.maxAge)
        dataset.require = ["$.keys[0].kty"]
        dataset.maxBody = 256 << 10
        dataset.refresh = RefreshSchedule(
            timing: .every(Period(.seconds(3_600))), selection: .list([DocumentID.singletonKey]))
        dataset.refresh?.priority = .high
        return dataset
    }

    // MARK: Parts

    private func dataset(
        _ id: DatasetID, _ path: String, _ kind: ClashFreshness.Kind, _ tables: [TableSpec],
        _ adjust: (inout DatasetConfig) -> Void
    ) -> DatasetConfig? {
        guard let template = try? PathTemplate(path) else { return nil }
        var dataset = DatasetConfig(id: id, template: template)
        dataset.normalisers = ["tag": .clashTag]
        dataset.maxAge = kind.maxAge
        (dataset.maxAgeFloor, dataset.maxAgeCeiling) = (kind.maxAge, kind.maxAge)
        dataset.refresh = kind.every.map { RefreshSchedule(timing: .every(Period($0)), selection: .tracked) }
        dataset.tables = TablesConfig(specs: tables)
        adjust(&dataset)
        return dataset
    }

    /// Keeps the named clans fresh from the start, whoever reads them.
    private func follow(_ dataset: inout DatasetConfig, _ priority: Priority) {
        guard !options.clans.isEmpty else { return }
        dataset.refresh?.selection = .list(options.clans)
        dataset.refresh?.priority = priority
    }
}
