/// One fault and when it strikes.
///
/// ```
/// latency=50ms..2s            429:retry-after=30,first=3
/// status=503,rate=0.2         truncate,path=/clans/*,after=10s,for=30s
/// ```
public struct FaultSpec: Sendable, Equatable {
    /// What happens.
    public var kind: FaultKind
    /// Share of the matching requests that are struck, 0...1.
    public var rate: Double = 1
    /// Only the first this many matching requests; `nil` for all.
    public var first: Int?
    /// Spares this many matching requests at the start.
    public var skip: Int = 0
    /// Only each of this many matching requests: 5 strikes the 5th, 10th, 15th.
    public var every: Int?
    /// Strikes at most this often in all; `nil` for no bound.
    public var count: Int?
    /// Begins this long after the fault was set.
    public var after: Duration = .zero
    /// Ends this long after it began; `nil` never.
    public var lasting: Duration?
    /// Only paths that match.
    public var path: PathPattern?
    /// Only this method, in capitals.
    public var method: String?
    /// Only requests with this credential, a secret.
    public var key: String?
    /// The text with the credential redacted, for showing.
    public private(set) var text: String

    /// Creates a fault that strikes every request.
    public init(_ kind: FaultKind, text: String) {
        self.kind = kind
        self.text = text
    }

    /// Reads a fault text: a kind, then modifiers separated by commas or spaces.
    ///
    /// - Throws: ``MockSpecError`` naming the part that is wrong and what is accepted.
    public init(parsing text: String) throws(MockSpecError) {
        let parts = Self.split(text)
        guard let first = parts.first else { throw MockSpecError("A fault text is empty. \(Self.grammar)") }
        self.init(try FaultKindParser.parse(first), text: "")
        for part in parts.dropFirst() { try apply(part) }
        self.text = ([first] + parts.dropFirst().map { $0.hasPrefix("key=") ? "key=<redacted>" : $0 })
            .joined(separator: ",")
    }

    /// Reads several fault texts and reports all problems together.
    public static func parse(_ texts: [String]) throws(MockSpecError) -> [FaultSpec] {
        var (specs, problems): ([FaultSpec], [String]) = ([], [])
        for text in texts {
            do { specs.append(try FaultSpec(parsing: text)) } catch { problems.append(error.description) }
        }
        guard problems.isEmpty else { throw MockSpecError(problems.joined(separator: "\n")) }
        return specs
    }

    /// The kinds and modifiers, for help texts.
    public static let grammar = """
        Faults: latency=200ms, latency=50ms..2s, status=503 (or just 503), 429, 429:retry-after=30, \
        429:retry-after=date+30, maintenance, reset, truncate, truncate=100B, truncate:chunked, garbage, garbage:raw, \
        html, html=503, oversize=1GB, oversize=1GB:chunked, gzip-bomb=1GB, slow-body=1B/s, slow-head=1B/s, empty, null, \
        changed-fields, reorder-keys, depth-bomb=100000, wrong-type, wrong-type=text/plain, invalid-json, no-response, \
        error-200, error-200={"error":"…"}. Modifiers: rate=0.2, first=3, skip=3, every=5, count=10, after=10s, for=30s, \
        path=/clans/*, method=GET, key=<auth key>.
        """

    /// Splits at commas and spaces outside of braces and quotes, which belong to a JSON value.
    private static func split(_ text: String) -> [String] {
        var (parts, part, depth, quoted, escaped): ([String], String, Int, Bool, Bool) = ([], "", 0, false, false)
        for character in text {
            if depth == 0, character == "," || character.isWhitespace {
                if !part.isEmpty { parts.append(part) }
                part = ""
                continue
            }
            part.append(character)
            if quoted {
                if escaped {
                    escaped = false
                } else if character == "\\" {
                    escaped = true
                } else {
                    quoted = character != "\""
                }
            } else if character == "\"", depth > 0 {
                quoted = true
            } else if character == "{" || character == "[" {
                depth += 1
            } else if character == "}" || character == "]" {
                depth -= 1
            }
        }
        return part.isEmpty ? parts : parts + [part]
    }

    private mutating func apply(_ part: String) throws(MockSpecError) {
        let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, !pieces[1].isEmpty else {
            throw MockSpecError("\"\(part)\" is no fault modifier. \(Self.grammar)")
        }
        let value = pieces[1]
        switch pieces[0] {
        case "rate":
            guard let rate = Double(value), (0...1).contains(rate) else {
                throw MockSpecError("rate must be from 0 to 1 (got \(value)).")
            }
            self.rate = rate
        case "first": first = try MockUnits.count(value)
        case "skip": skip = try MockUnits.count(value, atLeast: 0)
        case "every": every = try MockUnits.count(value)
        case "count": count = try MockUnits.count(value)
        case "after": after = try MockUnits.duration(value)
        case "for": lasting = try MockUnits.duration(value)
        case "path": path = PathPattern(String(value))
        case "method": method = value.uppercased()
        case "key": key = String(value)
        default: throw MockSpecError("\"\(pieces[0])\" is no fault modifier. \(Self.grammar)")
        }
    }
}
