import FreshetCore

extension Kind where Value == StoreLocation {
    static var store: Kind {
        Kind(type: .text("sqlite, memory or postgres://user@host/db", pattern: "^(sqlite|memory|postgres(ql)?://.+)$"))
        {
            node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "sqlite, memory or postgres://user@host/db")
                return nil
            }
            switch scalar.text {
            case "sqlite": return .sqlite
            case "memory": return .memory
            case let text where text.hasPrefix("postgres://") || text.hasPrefix("postgresql://"):
                return .postgres(Secret(text))
            default:
                let near = Suggestion.nearest(to: scalar.text, in: ["sqlite", "memory"]).map {
                    "; did you mean \"\($0)\"?"
                }
                reading.problem(
                    node,
                    "\(scalar.text.shown(as: node.found)) is not a store"
                        + (near ?? "; write sqlite, memory or postgres://user@host/db"))
            }
            return nil
        } show: {
            switch $0 {
            case .sqlite: .text("sqlite")
            case .memory: .text("memory")
            case .postgres: .text("<redacted>")
            }
        }
    }
}

extension Kind where Value == CoordinatorLocation {
    static var coordinator: Kind {
        Kind(type: .text("local or redis://host:6379/0", pattern: "^(local|rediss?://.+)$")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "local or redis://host:6379/0")
                return nil
            }
            switch scalar.text {
            case "local": return .local
            case let text where text.hasPrefix("redis://") || text.hasPrefix("rediss://"):
                return .redis(Secret(text))
            default:
                reading.problem(
                    node,
                    "\(scalar.text.shown(as: node.found)) is not a coordinator; write local or redis://host:6379/0")
                return nil
            }
        } show: {
            switch $0 {
            case .local: .text("local")
            case .redis: .text("<redacted>")
            }
        }
    }
}

extension String {
    /// Words are shown as they were found; what may be an address may hold a password.
    fileprivate func shown(as found: String) -> String { allSatisfy(\.isLetter) ? found : "this" }
}
