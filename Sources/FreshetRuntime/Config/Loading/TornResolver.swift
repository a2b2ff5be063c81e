import FreshetCore
import TornApp

/// Makes the Torn app from its section and checks what needs more than one value.
struct TornResolver {
    let draft: TornDraft

    /// The app; `nil` after a problem that leaves nothing to run.
    func resolve(reading: inout Reading) -> TornApp? {
        var options = draft.options
        options.keys = keys(reading: &reading)
        let factions = draft.factions.isEmpty ? options.keys.compactMap(\.faction) : draft.factions
        options.factions = Set(factions).sorted()
        guard !options.keys.isEmpty else {
            if draft.place.broken.isDisjoint(with: ["keys"]) {
                reading.problem(draft.place, "keys", "has no key; give one, such as { main: \"${env:TORN_KEY}\" }")
            }
            return nil
        }
        guard !options.factions.isEmpty else {
            if draft.place.broken.isDisjoint(with: ["factions"]) {
                reading.problem(
                    draft.place, "factions",
                    "names no faction; give the number that stands in the address of its page, such as [40832]")
            }
            return nil
        }
        options.endpoints = [:]
        for endpoint in TornEndpoint.allCases where draft.endpoints[endpoint].isOn {
            options.endpoints[endpoint] = settings(of: endpoint, reading: &reading)
        }
        options.window = window(reading: &reading)
        options.itemTypes = itemTypes(reading: &reading)
        options.balanceRoute = draft.endpoints.currency.route
        foreignKeys(options, reading: &reading)
        return TornApp(options)
    }

    private func keys(reading: inout Reading) -> [TornOptions.Key] {
        var (seen, result) = ([Secret: String](), [TornOptions.Key]())
        for entry in draft.keys {
            guard let text = entry.value.secret else { continue }
            if let earlier = seen[text.secret] {
                reading.problem(text.mark, text.path, "is the same key as \(earlier); give each key once")
                continue
            }
            seen[text.secret] = entry.path
            result.append(
                TornOptions.Key(
                    name: entry.name, id: AuthTable.keyID(source: TornApp.name, secret: text.secret),
                    secret: text.secret, user: entry.value.user, faction: entry.value.faction))
            if text.isWritten {
                reading.warning(
                    text.mark, text.path,
                    "the key stands in the file itself; write \"${env:TORN_KEY}\" and put it into .env")
            }
        }
        return result
    }

    private func settings(of endpoint: TornEndpoint, reading: inout Reading) -> TornOptions.Endpoint {
        let draft = draft.endpoints[endpoint]
        var settings = draft.settings
        settings.every = draft.every
        settings.disposition = draft.disposition
        settings.limits = draft.limits.map { LimitConfig(scope: $0.scope, calls: $0.calls, per: $0.per) }
        let names = self.draft.keys.map(\.name)
        for key in draft.keys where !names.contains(key.value) {
            let hint = Suggestion.sentence(for: key.value, in: names, listing: "keys")
            reading.problem(key.mark, key.path, "there is no key \"\(key.value)\"; \(hint)")
        }
        settings.keys = draft.keys.isEmpty ? nil : draft.keys.map(\.value)
        let isList = endpoint == .crimes || endpoint == .members || endpoint == .items
        if isList, draft.disposition == .append {
            reading.warning(
                draft.place, "write_disposition",
                "append keeps every fetch, so the reports count each row as often as it was fetched; merge keeps one")
        }
        return settings
    }

    private func window(reading: inout Reading) -> TornOptions.Window {
        let crimes = draft.endpoints.crimes
        let window = TornOptions.Window(
            from: crimes.from.flatMap { Timestamp(rfc3339: $0) }, to: crimes.to.flatMap { Timestamp(rfc3339: $0) })
        if let from = window.from, let to = window.to, to <= from {
            reading.problem(crimes.place, "to", "is not later than from, so the window is empty")
        }
        return window
    }

    private func itemTypes(reading: inout Reading) -> [String] {
        let types = draft.endpoints.items.types
        for type in types where !TornItemType.all.contains(type.value) {
            let hint = Suggestion.sentence(for: type.value, in: TornItemType.all, listing: "types")
            reading.problem(type.mark, type.path, "\"\(type.value)\" is not a type of items; \(hint)")
        }
        return Set(types.map(\.value)).sorted()
    }

    /// What Torn shows to nobody but its own.
    private func foreignKeys(_ options: TornOptions, reading: inout Reading) {
        for entry in draft.keys {
            guard let faction = entry.value.faction, !options.factions.contains(faction) else { continue }
            reading.warning(
                entry.mark, entry.path,
                "belongs to faction \(faction), which is not in factions; add it there, or its crimes are not logged")
        }
        for endpoint in TornEndpoint.allCases where endpoint.needsOwnKey && options.endpoints[endpoint] != nil {
            for faction in options.factions where options.ownKeyIDs(of: faction, for: endpoint).isEmpty {
                reading.warning(
                    draft.place, "factions",
                    "\(endpoint.rawValue) of faction \(faction) cannot be logged, for Torn shows them to its own keys only; "
                        + "write faction: \(faction) beside one of the keys, or endpoints: { \(endpoint.rawValue): off }"
                )
            }
        }
    }
}
