import FreshetCore
import FreshetEngine

/// What one strategy came to in a simulation, as a line of a table.
struct SimulationLine {
    let line: SimulationResult.Line
    let price: Double
    let waiting: Int
    let took: Duration

    init(_ line: SimulationResult.Line, _ result: SimulationResult, took: Duration) {
        (self.line, price, waiting, self.took) = (line, result.price, result.waiting, took)
    }

    static func text(_ lines: [SimulationLine], dataset: DatasetID, load: SimulationLoad) -> String {
        var table = Table(FreshnessTable.columns + ["WRONG", "BEHIND", "BEHIND P95"])
        for each in lines {
            let (line, meter) = (each.line, each.line.meter)
            table.add([
                "\(dataset)", line.strategy, "\(meter.reads)", FreshnessTable.share(meter.freshShare),
                FreshnessTable.span(meter.age(at: 0.5)), FreshnessTable.span(meter.age(at: 0.95)),
                FreshnessTable.span(meter.age(at: 0.99)),
                FreshnessTable.span(meter.reads > 0 ? meter.meanAge : nil), "\(meter.calls)",
                FreshnessTable.share(meter.hitShare), FreshnessTable.share(each.wrongShare),
                FreshnessTable.span(meter.reads > 0 ? line.behind.meanAge : nil),
                FreshnessTable.span(line.behind.age(at: 0.95)),
            ])
        }
        let seconds = lines.reduce(0) { $0 + $1.took.inSeconds }
        return table.text
            + "\n\(load.keys) documents, \(Period(load.length)) after \(Period(load.warmUp)) of warming up, in "
            + "\(FreshnessTable.span(seconds)). WRONG: reads of what was not right any more; BEHIND: for how long on average."
    }

    private var wrongShare: Double? {
        line.meter.reads > 0 ? Double(line.wrong) / Double(line.meter.reads) : nil
    }

    static func json(_ lines: [SimulationLine], load: SimulationLoad) -> String {
        let items = lines.map { each -> String in
            let (line, meter) = (each.line, each.line.meter)
            let fields: [(String, String)] = [
                ("strategy", "\"\(line.strategy)\""), ("reads", "\(meter.reads)"),
                ("fresh_share", number(meter.freshShare)), ("fresh_share_of_time", number(meter.timeShare)),
                ("mean_age_seconds", number(meter.meanAge)), ("p50_age_seconds", number(meter.age(at: 0.5))),
                ("p95_age_seconds", number(meter.age(at: 0.95))), ("p99_age_seconds", number(meter.age(at: 0.99))),
                ("calls", "\(meter.calls)"), ("change_hits", "\(meter.hits)"),
                ("change_hit_share", number(meter.hitShare)), ("wrong_share", number(each.wrongShare)),
                ("mean_behind_seconds", number(line.behind.meanAge)),
                ("p95_behind_seconds", number(line.behind.age(at: 0.95))),
                ("call_price_seconds", number(each.price)), ("waiting", "\(each.waiting)"),
                ("took_seconds", number(each.took.inSeconds)),
            ]
            return "    { " + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + " }"
        }
        return """
            {
              "documents": \(load.keys),
              "length_seconds": \(number(load.length.inSeconds)),
              "warm_up_seconds": \(number(load.warmUp.inSeconds)),
              "strategies": [
            \(items.joined(separator: ",\n"))
              ]
            }
            """
    }

    private static func number(_ value: Double?) -> String {
        value.map { String(($0 * 10_000).rounded() / 10_000) } ?? "null"
    }
}
