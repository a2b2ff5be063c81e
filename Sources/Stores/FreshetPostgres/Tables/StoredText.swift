/// Text on its way to PostgreSQL, which can keep every character but U+0000, and back.
///
/// JSON can say `\u0000`. It is written as U+FFFE followed by `0`, and U+FFFE itself, which no text means to hold, as U+FFFE
/// followed by `1`.
enum StoredText {
    private static let mark: [UInt8] = [0xEF, 0xBF, 0xBE]

    /// Appends text in the form in which it is stored.
    static func append(_ bytes: UnsafeRawBufferPointer, to target: inout [UInt8]) {
        guard needsMark(bytes) else {
            target.append(contentsOf: bytes)
            return
        }
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0 {
                target += mark + [UInt8(ascii: "0")]
            } else if isMark(bytes, at) {
                target += mark + [UInt8(ascii: "1")]
                at += 2
            } else {
                target.append(bytes[at])
            }
            at += 1
        }
    }

    /// Text in the form in which it is stored.
    static func stored(_ text: String) -> String {
        var (text, bytes) = (text, [UInt8]())
        let isPlain = text.withUTF8 { source in
            let raw = UnsafeRawBufferPointer(source)
            guard needsMark(raw) else { return true }
            append(raw, to: &bytes)
            return false
        }
        return isPlain ? text : String(decoding: bytes, as: UTF8.self)
    }

    /// Stored text as it was.
    static func original(_ bytes: UnsafeRawBufferPointer) -> String {
        guard needsMark(bytes) else { return String(decoding: bytes, as: UTF8.self) }
        var (result, at) = ([UInt8](), 0)
        result.reserveCapacity(bytes.count)
        while at < bytes.count {
            if isMark(bytes, at), at + 3 < bytes.count {
                result += bytes[at + 3] == UInt8(ascii: "0") ? [0] : mark
                at += 4
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    @inline(__always)
    private static func needsMark(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for at in bytes.indices where bytes[at] == 0 || (bytes[at] == 0xEF && isMark(bytes, at)) { return true }
        return false
    }

    private static func isMark(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        at + 2 < bytes.count && bytes[at] == mark[0] && bytes[at + 1] == mark[1] && bytes[at + 2] == mark[2]
    }
}
