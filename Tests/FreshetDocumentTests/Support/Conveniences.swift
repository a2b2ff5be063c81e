import FreshetDocument

/// The root of a document written in a test.
func json(_ text: String) throws -> JSONValue { try JSONTape(text: text).root }

/// An ignore set of paths written in a test.
func ignoring(_ paths: String...) throws -> IgnoreSet { IgnoreSet(try paths.map { try JSONPath($0) }) }

/// The error that a document is refused with, or nil.
func fault(_ bytes: [UInt8], limits: JSONLimits = .standard) -> JSONError? {
    do {
        _ = try JSONTape(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

/// The error that a document is refused with, or nil.
func fault(_ text: String, limits: JSONLimits = .standard) -> JSONError? { fault(Array(text.utf8), limits: limits) }
