import FreshetCore
import FreshetDocument
import Synchronization

/// The paths of a dataset and the rules of its source, read once.
struct CompiledDataset: Sendable {
    /// The texts it was made from; when they differ, so does the configuration.
    struct Texts: Sendable, Equatable {
        var base: String
        var rules: [ErrorRule]
        var ignore: [String]
        var require: [String]
        var pagination: PaginationConfig?

        init(_ source: SourceConfig, _ dataset: DatasetConfig?) {
            base = source.baseURL
            rules = source.rules.filter { rule in
                guard let datasets = rule.datasets else { return true }
                return dataset.map { datasets.contains($0.id) } ?? false
            }
            (ignore, require) = (dataset?.ignoreChanges ?? [], dataset?.require ?? [])
            pagination = dataset?.pagination
        }
    }

    let texts: Texts
    let base: HTTPURL
    let rules: CompiledRules
    let ignore: IgnoreSet
    let require: [JSONPath]
    let items: JSONPath?
    let next: JSONPath?

    /// Reads the paths.
    ///
    /// - Throws: What is wrong; the loader of the configuration refuses it long before.
    init(_ texts: Texts) throws(Problem) {
        self.texts = texts
        guard let base = HTTPURL(texts.base) else { throw Problem(text: "base_url is no http or https URL") }
        self.base = base
        do throws(JSONPathError) {
            rules = try CompiledRules(texts.rules)
            ignore = IgnoreSet(try texts.ignore.map { (text) throws(JSONPathError) in try JSONPath(text) })
            require = try texts.require.map { (text) throws(JSONPathError) in try JSONPath(text) }
            items = try texts.pagination.map { (config) throws(JSONPathError) in try JSONPath(config.items) }
            switch texts.pagination?.style {
            case .cursor(_, let path), .nextURL(let path): next = try JSONPath(path)
            default: next = nil
            }
        } catch {
            throw Problem(text: error.description)
        }
    }

    /// A configuration that cannot be used.
    struct Problem: Error {
        var text: String

        var failure: CallFailure {
            CallFailure(
                effect: .permanent, kind: "configuration",
                message: "The configuration cannot be used: \(text). Correct it and run freshet check.")
        }
    }
}

/// Keeps what was compiled, by dataset; a changed configuration replaces its own entry.
final class DatasetCache: Sendable {
    private let entries = Mutex<[String: CompiledDataset]>([:])

    /// Compiles a dataset, or finds it compiled.
    ///
    /// - Parameters:
    ///   - source: The source.
    ///   - dataset: The dataset; `nil` for calls that belong to none.
    /// - Returns: The paths and rules, read.
    /// - Throws: What is wrong with the configuration.
    func compiled(
        _ source: SourceConfig, _ dataset: DatasetConfig?
    ) throws(CompiledDataset.Problem) -> CompiledDataset {
        let texts = CompiledDataset.Texts(source, dataset)
        let name = dataset.map { "\($0.id)" } ?? source.name + "/"
        if let kept = entries.withLock({ $0[name] }), kept.texts == texts { return kept }
        let fresh = try CompiledDataset(texts)
        entries.withLock { $0[name] = fresh }
        return fresh
    }
}
