import FreshetCore

/// What came of asking upstream for one product, live, and what is served meanwhile.
struct LiveTest: Sendable {
    /// Whether upstream answered with values.
    var isWorking: Bool
    /// A sentence for a person.
    var message: String
    /// The countries of the answer, the greatest exporter first, with whole dollars.
    var exporters: [(country: Int, dollars: Int64)] = []
    /// How many countries the answer names a value of.
    var countries = 0
}

extension OecRunner {
    /// What is asked: crude petroleum.
    static let testProduct = "52709"
    /// Who asks again within this time gets the same answer: a test costs a call of the day's budget.
    static let testRest = Duration.seconds(10)

    /// Asks upstream for one product, at most once in ``testRest``.
    func liveTest() async -> LiveTest {
        let now = services.clock.monotonic()
        if let kept = with({ $0.test }), now - kept.at < Self.testRest { return kept.answer }
        let answer = await askUpstream()
        with { $0.test = (answer, now) }
        return answer
    }

    private func askUpstream() async -> LiveTest {
        guard let source = services.configuration.source(OecApp.name),
            let path = OecPlaces(cubes: options.cubes).paths(product: Self.testProduct, year: "\(options.year)").first
        else { return LiveTest(isWorking: false, message: "The source oec is not declared.") }
        let request = PassRequest(source: source, method: "GET", path: path, headers: [], body: [])
        switch await services.pass(request, OecSource.dataset) {
        case .failed(let failure): return LiveTest(isWorking: false, message: failure.message)
        case .denied(let denial): return LiveTest(isWorking: false, message: denial.message)
        case .answer(let status, _, let body):
            guard status == 200 else { return LiveTest(isWorking: false, message: "oec answered \(status).") }
            guard let document = ExportDocument(body) else {
                return LiveTest(isWorking: false, message: "oec answered without a value for any country.")
            }
            let values = document.values.enumerated().compactMap { country, value in value.map { (country, $0) } }
            return LiveTest(
                isWorking: true, message: "oec answered with values of \(values.count) countries.",
                exporters: values.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(5).map { ($0.0, $0.1) },
                countries: values.count)
        }
    }
}
