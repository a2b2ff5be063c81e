/// Text on its way to PostgreSQL, which can keep every character but U+0000, and back.
///
/// JSON can say `\u0000`. It is written as U+0001 U+0001, and U+0001 itself as U+0001 U+0002: so every text comes back, and texts
/// stand in the order in which they stood before.
enum StoredText {
    /// Appends text in the form in which it is stored.
    static func append(_ bytes: UnsafeRawBufferPointer, to target: inout [UInt8]) {
        guard needsMark(bytes) else {
            target.append(contentsOf: bytes)
            return
        }
        for byte in bytes {
            if byte > 1 { target.append(byte) } else { target += [1, byte + 1] }
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
            // A lone mark is none of ours: it is left as it is.
            if bytes[at] == 1, at + 1 < bytes.count, bytes[at + 1] == 1 || bytes[at + 1] == 2 {
                result.append(bytes[at + 1] - 1)
                at += 2
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    @inline(__always)
    private static func needsMark(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes where byte <= 1 { return true }
        return false
    }
}
