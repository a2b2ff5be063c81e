import FreshetCore
import Testing

@testable import FreshetServer

@Suite struct DateTextTests {
    private func written(_ write: (inout ByteWriter) -> Void) -> String {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { memory in
            var writer = ByteWriter(memory)
            write(&writer)
            return String(decoding: memory[..<writer.count], as: UTF8.self)
        }
    }

    @Test func `every moment has the text it has alone, whatever was written before`() {
        var dates = DateText()
        var random = SystemRandomNumberGenerator()
        let edges: [Int64] = [0, 1, 59, 86_399, 86_400, -1, -86_401, 951_782_399, 253_402_300_799, 253_402_300_800]
        let near = (0..<300).map { _ in 1_790_000_000 + Int64.random(in: -2_000_000...2_000_000, using: &random) }
        let far = (0..<300).map { _ in Int64.random(in: 0...253_402_300_799, using: &random) }
        for seconds in edges + near + far + near {
            let moment = Timestamp(microseconds: seconds * 1_000_000 + 999_999)
            #expect(written { dates.writeHTTP(moment, to: &$0) } == moment.httpDate)
            #expect(written { dates.writeRFC3339(moment, to: &$0) } == Timestamp(seconds: seconds).rfc3339)
        }
    }

    @Test(arguments: [0, 1, 9, 10, 15, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, UInt64.max])
    func `sixteen hexadecimal digits`(value: UInt64) {
        let digits = String(value, radix: 16)
        #expect(written { $0.hex(value) } == String(repeating: "0", count: 16 - digits.count) + digits)
    }
}
