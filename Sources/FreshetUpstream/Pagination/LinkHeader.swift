/// Reads `Link` (RFC 8288).
enum LinkHeader {
    /// The target of the first link whose relation types include `next`, unresolved.
    static func next(_ headers: HeaderFields) -> String? {
        for field in headers.all("link") {
            var reader = Reader(field)
            while let link = reader.link() {
                if link.relations.contains("next") { return link.target }
            }
        }
        return nil
    }

    /// Walks over the links of one field value; a malformed link ends the walk.
    private struct Reader {
        private var rest: Substring

        init(_ field: String) { rest = field[...] }

        mutating func link() -> (target: String, relations: [String])? {
            skip { $0 == " " || $0 == "\t" || $0 == "," }
            guard take("<"), let end = rest.firstIndex(of: ">") else { return nil }
            let target = String(HeaderFields.trim(rest[..<end]))
            rest = rest[rest.index(after: end)...]
            var relations: [String]?
            while true {
                skipSpace()
                guard take(";") else { break }
                guard let (name, value) = parameter() else { continue }
                // RFC 8288 section 3.3: only the first rel counts.
                if name == "rel", relations == nil {
                    relations = value.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
                }
            }
            return (target, relations ?? [])
        }

        private mutating func parameter() -> (name: String, value: String)? {
            skipSpace()
            let name = HeaderFields.trim(takeWhile { $0 != "=" && $0 != ";" && $0 != "," }).lowercased()
            guard take("=") else { return name.isEmpty ? nil : (name, "") }
            skipSpace()
            guard take("\"") else {
                return (name, String(HeaderFields.trim(takeWhile { $0 != ";" && $0 != "," })))
            }
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                value.append(character == "\\" ? rest.popFirst() ?? character : character)
            }
            return (name, value)
        }

        private mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func takeWhile(_ isPart: (Character) -> Bool) -> Substring {
            let part = rest.prefix(while: isPart)
            rest = rest[part.endIndex...]
            return part
        }

        private mutating func skip(_ isPart: (Character) -> Bool) { _ = takeWhile(isPart) }

        private mutating func skipSpace() { skip { $0 == " " || $0 == "\t" } }
    }
}
