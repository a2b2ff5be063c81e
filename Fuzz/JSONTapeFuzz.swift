// One fuzz target for FreshetDocument; `scripts/fuzz JSONTapeFuzz 60` builds and runs it.
//
// The input is a document, or, when it holds a zero byte, a path before that byte and a document after it. Whatever
// parses must be readable in every way and keep its content through them: a broken promise stops the process, which the
// fuzzer reports.

import FreshetDocument

private let ignored = IgnoreSet(
    ["$..a", "$[*].b", "$..[-1]", "$.*..c"].compactMap { (text) -> JSONPath? in try? JSONPath(text) })

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var path: JSONPath?
    var document = bytes
    if let separator = bytes.firstIndex(of: 0) {
        path = checkedPath(String(decoding: bytes[..<separator], as: UTF8.self))
        document = Array(bytes[(separator + 1)...])
    }
    _ = (JSONShape.looksLikeHTML(document), JSONShape.isNull(document), JSONShape.isWhitespaceOnly(document))
    let root: JSONValue
    do {
        root = try JSONTape(document, limits: JSONLimits(maxNodes: 100_000)).root
    } catch {
        precondition(error.offset >= 0 && error.offset <= document.count, "an error points outside the input")
        _ = error.description
        return 0
    }
    checkReading(root)
    checkContent(root)
    if let path { checkSelection(path, in: root) }
    return 0
}

private func checkedPath(_ text: String) -> JSONPath? {
    guard let path = try? JSONPath(text) else { return nil }
    guard let again = try? JSONPath(path.description) else { preconditionFailure("a written path does not read back") }
    precondition(again == path, "a written path reads back as another")
    return path
}

private func checkReading(_ root: JSONValue) {
    for value in [root] + ((try? JSONPath("$..*").matches(in: root)) ?? []) {
        _ = (value.string, value.double, value.int64, value.uint64, value.bool, value[-1]?.kind, value["a"]?.kind)
        precondition(value.members.reduce(0) { count, _ in count + 1 } == (value.kind == .object ? value.count : 0))
        precondition(value.elements.reduce(0) { count, _ in count + 1 } == (value.kind == .array ? value.count : 0))
        for member in value.members {
            precondition(value[member.key.string ?? ""] != nil, "a key does not find a value")
        }
        precondition(!value.rawBytes.isEmpty, "a value without bytes")
    }
}

private func checkContent(_ root: JSONValue) {
    let print = Fingerprint(of: root)
    for style in [JSONWriter.Style.compact, .pretty] {
        var writer = JSONWriter(style: style)
        writer.value(root)
        guard let copy = try? JSONTape(writer.bytes).root else { preconditionFailure("a copy does not parse") }
        precondition(Fingerprint(of: copy) == print, "a copy has another fingerprint")
        precondition(JSONDiff(from: root, to: copy, ignoring: ignored).isEmpty, "a copy differs")
        precondition(Fingerprint(of: copy, ignoring: ignored) == Fingerprint(of: root, ignoring: ignored))
    }
    guard root.kind == .array else { return }
    guard let twice = try? JSONSplice.merge(pages: [root, root], items: .root) else {
        preconditionFailure("an array cannot be joined with itself")
    }
    precondition((try? JSONTape(twice).root.count) == root.count * 2, "joined pages lost items")
}

private func checkSelection(_ path: JSONPath, in root: JSONValue) {
    let matches = path.matches(in: root)
    precondition(path.first(in: root)?.byteRange == matches.first?.byteRange, "first is not the first match")
    let without = IgnoreSet([path])
    if matches.isEmpty { precondition(Fingerprint(of: root, ignoring: without) == Fingerprint(of: root)) }
    for element in root.elements {
        let same = Fingerprint(of: root, ignoring: without) == Fingerprint(of: element, ignoring: without)
        precondition(
            JSONDiff(from: root, to: element, ignoring: without).isEmpty == same, "diff and fingerprint disagree")
        break
    }
}
