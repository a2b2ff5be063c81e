import ClashApp
import FreshetCore
import OecApp
import TornApp

/// `apps:` as the file has it.
struct AppsDraft: Sendable {
    var clash: ClashDraft?
    var oec: OecDraft?
    var torn: TornDraft?

    init() {}

    init(showing apps: [any App]) {
        clash = apps.lazy.compactMap { $0 as? ClashApp }.first.map { ClashDraft(showing: $0.options) }
        oec = apps.lazy.compactMap { $0 as? OecApp }.first.map { OecDraft(showing: $0.options) }
        torn = apps.lazy.compactMap { $0 as? TornApp }.first.map { TornDraft(showing: $0.options) }
    }

    /// The apps that are on, in ascending order of their names.
    func resolve(reading: inout Reading) -> [any App] {
        let clash = clash.flatMap { ClashResolver(draft: $0).resolve(reading: &reading) }
        let oec = oec.flatMap { OecResolver(draft: $0).resolve(reading: &reading) }
        let torn = torn.flatMap { TornResolver(draft: $0).resolve(reading: &reading) }
        let apps: [(any App)?] = [clash, oec, torn]
        return apps.compactMap { $0 }
    }
}

/// The applications on top of the engine.
enum AppsTable {
    /// The names that `root_app` can have.
    static let names = [ClashApp.name, OecApp.name, TornApp.name]

    static let section = Section<AppsDraft>(
        "apps", at: "apps", doc: "Applications: each brings its sources, datasets, tables, reports and routes.",
        example: "{ torn: { keys: { main: \"${env:TORN_KEY}\" }, factions: [40832] } }", defaults: AppsDraft(),
        keys: [
            Key("clash", \.clash, .optional(ClashTable.section.kind), "Clash of Clans: clans, players and wars."),
            Key(
                "oec", \.oec, .optional(OecTable.section.kind),
                "OEC: exports by product and country, and a game that is scored with them."),
            Key("torn", \.torn, .optional(TornTable.section.kind), "Torn City: logs factions into tables."),
        ])
}
