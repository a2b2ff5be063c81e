import FreshetDocument

/// An HTTP answer, read to its end.
struct Answer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The first header of this name, in any case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    var json: JSONValue {
        get throws { try JSONTape(body).root }
    }

    /// Everything that was sent, for a search.
    var everything: String { headers.map { "\($0.name): \($0.value)\n" }.joined() + text }
}

extension JSONValue {
    /// A text at a path of names, such as `state.last_error.kind`; `nil` when it is absent or null.
    func text(_ path: String) -> String? { at(path)?.string }

    /// A whole number at a path of names.
    func integer(_ path: String) -> Int? { at(path)?.int64.map(Int.init) }

    /// A value at a path of names.
    func at(_ path: String) -> JSONValue? {
        var value: JSONValue? = self
        for name in path.split(separator: ".") { value = value?[String(name)] }
        return value
    }

    /// The elements of the array under a name.
    func list(_ name: String) -> [JSONValue] { self[name].map { Array($0.elements) } ?? [] }
}
