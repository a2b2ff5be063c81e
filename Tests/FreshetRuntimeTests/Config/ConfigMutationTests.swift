import Testing

@testable import FreshetRuntime

@Suite struct ConfigMutationTests {
    /// Small, repeatable random numbers (SplitMix64).
    struct SeededRandom: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test(arguments: 1...8)
    func `a damaged file either loads or says where it is damaged, and keeps its secrets`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        let pieces: [Character] = Array("\t\n :{}[]\"'&*#|>-$!%@,?\u{0}\u{7F}é😀<")
        let original = Array(SecretTests.good + "\n" + ConfigFixture.file(dataset: "refresh: { every: 5m, for: [a] }"))
        for _ in 0..<60 {
            var text = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.remove(at: place)
                case 1: text.insert(pieces.randomElement(using: &random) ?? " ", at: place)
                case 2: text[place] = pieces.randomElement(using: &random) ?? " "
                default:
                    let end = min(text.count, place + Int.random(in: 1...40, using: &random))
                    text.insert(contentsOf: text[place..<end], at: Int.random(in: 0..<text.count, using: &random))
                }
            }
            let fixture = ConfigFixture(yaml: String(text), environment: ["KEY": "hidden"])
            for problem in fixture.problems() {
                #expect(problem.hasPrefix("freshet.yaml:"), "\(String(text))")
                #expect(!problem.contains("hidden"), "\(String(text))")
            }
        }
    }
}
