/// Finds out which time zones this machine does not know.
struct ZoneCheck {
    /// Reads a file; `nil` when there is none.
    let readFile: (String) throws -> [UInt8]?

    static let directory = "/usr/share/zoneinfo"

    func unknownZones(in draft: RootDraft) -> Set<String> {
        let named = draft.datasets.compactMap { $0.value.refresh?.timeZone }
        return Set(named).filter { !isKnown($0) }
    }

    /// UTC is always known; any other zone is a file of the time zone database.
    private func isKnown(_ name: String) -> Bool {
        if name == "UTC" { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let safe = parts.allSatisfy { part in
            !part.isEmpty && part.first != "."
                && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-".contains($0)) }
        }
        guard safe, let bytes = try? readFile("\(ZoneCheck.directory)/\(name)") else { return false }
        return bytes.starts(with: Array("TZif".utf8))
    }
}
