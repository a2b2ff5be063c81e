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
        /// `max_age` of every dataset of the source.
        case maxAge
        /// `refresh.every` of every dataset of the source that has an interval.
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

    static let all: [SeedVariable] = [
        SeedVariable(name: "SNAPSHOT_MAX_AGE", source: "clash", unit: .seconds, effect: .maxAge),
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
        return notes
    }

    private static func apply(
        _ variable: SeedVariable, _ duration: Duration, source: Int, to configuration: inout Configuration
    ) {
        if case .timeout = variable.effect {
            configuration.sources[source].timeout = duration
            return
        }
        for index in configuration.datasets.indices where configuration.datasets[index].id.source == variable.source {
            switch variable.effect {
            case .maxAge:
                let dataset = configuration.datasets[index]
                // A floor that was not given follows max_age.
                let follows = dataset.maxAgeFloor == dataset.maxAge
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
