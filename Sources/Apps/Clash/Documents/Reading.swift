import FreshetCore
import FreshetDocument

extension JSONValue {
    /// A whole number that fits `Int`; `nil` for everything else.
    func int(_ name: String) -> Int? { self[name]?.int64.map(Int.init(clamping:)) }

    /// A text; `nil` for everything else.
    func text(_ name: String) -> String? { self[name]?.string }

    /// A tag without `#`.
    func tag(_ name: String = "tag") -> String? { text(name).map(ClashTag.bare) }

    /// A moment as `20240101T000000.000Z`, in whole seconds.
    func moment(_ name: String) -> Timestamp? {
        text(name).flatMap { TimeText.parse($0.utf8, format: .iso) }.map { Timestamp(seconds: $0.seconds) }
    }

    /// The elements of an array; none for everything else.
    func list(_ name: String) -> [JSONValue] { self[name].map { Array($0.elements) } ?? [] }

    /// The exact JSON of a member; `nil` where there is none or it is `null`.
    func raw(_ name: String) -> [UInt8]? { self[name].flatMap { $0.isNull ? nil : Array($0.rawBytes) } }

    /// The small icon of a league, as upstream has called it over the years.
    var leagueIcon: String? {
        let icons = self["league"]?["iconUrls"] ?? self["leagueTier"]?["iconUrls"]
        return icons?.text("tiny") ?? icons?.text("small")
    }
}

extension JSONWriter {
    /// Writes a moment as seconds since 1970, or `null`.
    mutating func seconds(_ name: String, _ moment: Timestamp?) {
        key(name)
        if let moment { int(moment.seconds) } else { null() }
    }

    /// Writes a member with JSON, or `null`.
    mutating func field(_ name: String, json: [UInt8]?) {
        key(name)
        if let json { raw(json) } else { null() }
    }

    /// Writes an array of objects.
    mutating func objects<Element>(
        _ name: String, _ elements: some Sequence<Element>, _ write: (inout Self, Element) -> Void
    ) {
        key(name)
        beginArray()
        for element in elements {
            beginObject()
            write(&self, element)
            endObject()
        }
        endArray()
    }

    /// Writes one object and gives its bytes.
    static func object(_ write: (inout Self) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        write(&json)
        json.endObject()
        return json.bytes
    }
}
