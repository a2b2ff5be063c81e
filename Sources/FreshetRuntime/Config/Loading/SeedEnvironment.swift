import ClashApp
import FreshetCore

/// Environment variables of the applications that Freshet replaces: they keep their names and units.
struct SeedVariable: Sendable {
    /// What the number counts.
    enum Unit: String, Sendable {
        case seconds, hours

        func duration(_ value: Double) -> Duration { .seconds(value * (self == .hours ? 3600 : 1)) }
    }

    /// What the number sets.
    enum Effect: Sendable {
        /// `max_age` of the datasets.
        case maxAge
        /// `refresh.every` of the datasets that have an interval.
        case refreshEvery
        /// `timeout` of the source.
        case timeout

        var key: String {
            switch self {
            case .maxAge: "max_age"
            case .refreshEvery: "refresh.every"
            case .timeout: "timeout"
            }
        }
    }

    let name: String
    let source: String
    let unit: Unit
    let effect: Effect
    /// The names of the datasets it is about; `nil` means all of the source.
    var datasets: Set<String>?

    static let all: [SeedVariable] = [
        SeedVariable(
            name: "SNAPSHOT_MAX_AGE", source: "clash", unit: .seconds, effect: .maxAge,
            datasets: ["clan", "player", "war"]),
        SeedVariable(name: "CACHE_HOURS", source: "oec", unit: .hours, effect: .maxAge),
        SeedVariable(name: "UPDATE_INTERVAL_HOURS", source: "oec", unit: .hours, effect: .refreshEvery),
        SeedVariable(name: "OEC_API_TIMEOUT", source: "oec", unit: .seconds, effect: .timeout),
    ]
}

/// Applies the seed variables to sources that are declared.
enum SeedEnvironment {
    /// What was changed, a sentence each.
    static func apply(
        _ environment: [String: String], to configuration: inout Configuration, reading: inout Reading
    ) -> [String] {
        var notes: [String] = []
        for variable in SeedVariable.all {
            guard let text = environment[variable.name], !text.isEmpty,
                let source = configuration.sources.firstIndex(where: { $0.name == variable.source })
            else { continue }
            guard let number = Double(text), number > 0, number.isFinite,
                variable.unit.duration(number) <= Kind<Period>.longest
            else {
                reading.problem(
                    inFile: "environment", variable.name,
                    "must be a number of \(variable.unit.rawValue) above zero, such as \(variable.unit == .hours ? 24 : 600)"
                )
                continue
            }
            let duration = variable.unit.duration(number)
            apply(variable, duration, source: source, to: &configuration)
            notes.append(
                "\(variable.name) sets \(variable.effect.key) of the source \(variable.source) to \(duration.iso)")
        }
        return notes + signingKey(environment, to: &configuration, reading: &reading)
    }

    /// The secret of the Clash app's users, where `identity:` is given and names none.
    private static func signingKey(
        _ environment: [String: String], to configuration: inout Configuration, reading: inout Reading
    ) -> [String] {
        guard let index = configuration.apps.firstIndex(where: { $0 is ClashApp }),
            var options = (configuration.apps[index] as? ClashApp)?.options, let identity = options.identity,
            identity.signingKey == nil, identity.keySet == nil
        else { return [] }
        guard let text = environment["JWT_SIGNING_KEY"], !text.isEmpty else {
            reading.problem(
                inFile: "environment", "JWT_SIGNING_KEY",
                "is not set, and apps.clash.identity has neither signing_key nor jwks; give one of the three")
            return []
        }
        options.identity?.signingKey = ClashResolver.check(Secret(text)) {
            reading.problem(inFile: "environment", "JWT_SIGNING_KEY", $0)
        }
        configuration.apps[index] = ClashApp(options)
        return ["JWT_SIGNING_KEY sets apps.clash.identity.signing_key"]
    }

    private static func apply(
        _ variable: SeedVariable, _ duration: Duration, source: Int, to configuration: inout Configuration
    ) {
        if case .timeout = variable.effect {
            configuration.sources[source].timeout = duration
            return
        }
        for index in configuration.datasets.indices where configuration.datasets[index].id.source == variable.source {
            if variable.datasets?.contains(configuration.datasets[index].id.name) == false { continue }
            switch variable.effect {
            case .maxAge:
                let dataset = configuration.datasets[index]
                // A floor that was not given follows max_age.
                let follows = dataset.maxAgeFloor == dataset.maxAge
                if let ceiling = dataset.maxAgeCeiling {
                    let isFixed = ceiling == dataset.maxAge
                    configuration.datasets[index].maxAgeCeiling = isFixed ? duration : max(ceiling, duration)
                }
                configuration.datasets[index].maxAge = duration
                configuration.datasets[index].maxAgeFloor = follows ? duration : min(dataset.maxAgeFloor, duration)
            case .refreshEvery:
                if case .every? = configuration.datasets[index].refresh?.timing {
                    configuration.datasets[index].refresh?.timing = .every(Period(duration))
                }
            case .timeout: break
            }
        }
    }
}
