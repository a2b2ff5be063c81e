import FreshetDocument
import Testing

/// A corpus in the manner of JSONTestSuite, with this parser's decision where there is one to take.
///
/// It holds what every parser must accept (y), what it must refuse (n), and what RFC 8259 leaves to it (i).
struct ConformanceTests {
    @Test(arguments: ConformanceCorpus.accepted)
    func `what the standard allows is accepted`(_ sample: ConformanceCorpus.Sample) {
        #expect(fault(sample.bytes) == nil)
    }

    @Test(arguments: ConformanceCorpus.refused)
    func `what the standard forbids is refused`(_ sample: ConformanceCorpus.Sample) {
        let error = fault(sample.bytes)
        #expect(error != nil)
        #expect((error?.offset ?? 0) <= sample.bytes.count)
    }

    @Test(arguments: ConformanceCorpus.decided)
    func `what the standard leaves open is decided`(_ sample: ConformanceCorpus.Sample, isAccepted: Bool) {
        #expect((fault(sample.bytes) == nil) == isAccepted)
    }

    @Test func `the corpus is large enough to mean something`() {
        let count = ConformanceCorpus.accepted.count + ConformanceCorpus.refused.count + ConformanceCorpus.decided.count
        #expect(count >= 150)
    }
}
