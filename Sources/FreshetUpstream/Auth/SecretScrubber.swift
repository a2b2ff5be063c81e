import FreshetCore

/// Takes secrets out of what upstream sent back: some APIs echo the request with its key, in bodies, links and error
/// texts.
///
/// A secret is looked for as it is, percent-encoded, and with its slashes escaped as some JSON writers do. Secrets of
/// fewer than eight
/// bytes are left alone in bodies, where they would hit ordinary data; in messages the bound is four.
struct SecretScrubber: Sendable {
    private static let replacement = Array("<redacted>".utf8)
    private let forms: [Needle]

    /// - Parameter secrets: The key used, and what it is made of.
    init(_ secrets: [Secret]) {
        var forms: [[UInt8]] = []
        for secret in secrets {
            let text = secret.reveal()
            guard text.utf8.count >= 4 else { continue }
            let slashed = text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: #"\/"#)
            for form in [text, PercentEncoding.encode(text), slashed].map({ Array($0.utf8) })
            where !forms.contains(form) { forms.append(form) }
        }
        // Longer forms first: one may be part of another.
        self.forms = forms.sorted { $0.count > $1.count }.map(Needle.init)
    }

    /// The secrets inside a credential: the key, the halves of a pair, the Basic form.
    static func parts(of credential: Credential, method: AuthConfig.Method) -> [Secret] {
        let key = credential.secret.reveal()
        switch method {
        case .none: return []
        case .bearer, .query: return [credential.secret]
        case .header:
            // A header's value may be a scheme and the key, such as `ApiKey abc`; an API echoes the key alone.
            return [credential.secret] + key.split(separator: " ", maxSplits: 1).dropFirst().map { Secret(String($0)) }
        case .basic, .oauth2:
            let half = key.split(separator: ":", maxSplits: 1).dropFirst().map { Secret(String($0)) }
            return [credential.secret, Secret(Base64.encode(Array(key.utf8)))] + half
        }
    }

    /// A body without the secrets; the same array when there is none in it.
    func scrub(_ body: [UInt8]) -> [UInt8] {
        forms.reduce(body) { $1.bytes.count < 8 ? $0 : SecretScrubber.replace($1, in: $0) }
    }

    /// A text without the secrets.
    func scrub(_ text: String) -> String {
        guard !forms.isEmpty else { return text }
        return String(decoding: forms.reduce(Array(text.utf8)) { SecretScrubber.replace($1, in: $0) }, as: UTF8.self)
    }

    private static func replace(_ needle: Needle, in hay: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while let found = needle.find(in: hay, from: position) {
            result += hay[position..<found]
            result += replacement
            position = found + needle.bytes.count
        }
        return position == 0 ? hay : result + hay[position...]
    }
}

/// Bytes to look for, by Horspool's algorithm: a long key lets the search jump by most of its length.
private struct Needle: Sendable {
    let bytes: [UInt8]
    private let skips: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var skips = [Int](repeating: bytes.count, count: 256)
        for (index, byte) in bytes.dropLast().enumerated() { skips[Int(byte)] = bytes.count - 1 - index }
        self.skips = skips
    }

    /// The first place at or after `start`; `nil` when there is none.
    func find(in hay: [UInt8], from start: Int) -> Int? {
        let length = bytes.count
        guard length > 0 else { return nil }
        return hay.withUnsafeBufferPointer { hay in
            bytes.withUnsafeBufferPointer { bytes in
                skips.withUnsafeBufferPointer { skips in
                    var position = start
                    while position + length <= hay.count {
                        let last = hay[position + length - 1]
                        if last == bytes[length - 1], hay[position..<position + length].elementsEqual(bytes) {
                            return position
                        }
                        position += skips[Int(last)]
                    }
                    return nil
                }
            }
        }
    }
}
