import FreshetCore

extension Kind where Value == String {
    /// A text that is not empty; numbers and booleans are taken as they are written.
    static func text(_ label: String = "text", example: String, pattern: String? = nil) -> Kind {
        Kind(type: .text(label, pattern: pattern)) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a text such as \(example)")
                return nil
            }
            guard !scalar.text.isEmpty else {
                reading.problem(node, "is empty; write a text such as \(example)")
                return nil
            }
            return scalar.text
        } show: {
            .text($0)
        }
    }

    /// A text that `check` accepts; it returns what is wrong, without the text itself, or `nil`.
    static func checked(
        _ label: String, example: String, check: @escaping @Sendable (String) -> String?
    ) -> Kind {
        text(label, example: example).converted { text, node, reading in
            guard let fault = check(text) else { return text }
            reading.problem(node, "\(node.found) \(fault)")
            return nil
        } back: {
            $0
        }
    }
}

extension Kind where Value == Int {
    /// A whole number in a range.
    static func integer(_ range: ClosedRange<Int>) -> Kind {
        Kind(type: .integer(range)) { node, reading in
            let want = ConfigType.integer(range).label
            guard let value = node.scalar.flatMap({ Int($0.text) }) else {
                reading.wrong(node, want: "a \(want)")
                return nil
            }
            guard range.contains(value) else {
                reading.problem(node, "\(node.found) is out of range; write a \(want)")
                return nil
            }
            return value
        } show: {
            .int($0)
        }
    }

    /// A number of bytes with its unit.
    static func size(_ range: ClosedRange<Int>) -> Kind {
        Kind(type: .size) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a size such as 8MiB")
                return nil
            }
            switch ByteSize.parse(scalar.text) {
            case .success(let value) where range.contains(value): return value
            case .success:
                let limits = "\(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound))"
                reading.problem(node, "\(node.found) is out of range; write \(limits)")
            case .failure(.noUnit):
                reading.problem(node, "\(node.found) has no unit: write \(ByteSize.advice(scalar))")
            case .failure(.malformed):
                reading.problem(
                    node, "\(node.found) is not a size: write a number and B, KB, KiB, MB, MiB, GB or GiB, such as 8MiB"
                )
            }
            return nil
        } show: {
            .text(ByteSize.text($0))
        }
    }
}

extension Kind where Value == Double {
    /// A share written with a percent sign, as 0...1.
    static func percent(upTo limit: Int) -> Kind {
        Kind(type: .percent(upTo: limit)) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a percentage such as 20%")
                return nil
            }
            let text = scalar.text
            if let bare = Double(text) {
                let percent = bare < 1 ? bare * 100 : bare
                let example = scalar.origin == .literal ? "\(Kind.trim(percent))%" : "20%"
                reading.problem(node, "\(node.found) has no percent sign: write \(example)")
                return nil
            }
            guard text.hasSuffix("%"), let value = Double(text.dropLast()), value >= 0, value.isFinite else {
                reading.problem(node, "\(node.found) is not a percentage: write it such as 20%")
                return nil
            }
            guard value <= Double(limit) else {
                reading.problem(node, "\(node.found) is out of range; write 0% to \(limit)%")
                return nil
            }
            return value / 100
        } show: {
            .text("\(trim($0 * 100))%")
        }
    }

    /// A number with a least value.
    static func number(_ range: ClosedRange<Double>) -> Kind {
        Kind(type: .number(range)) { node, reading in
            guard let value = node.scalar.flatMap({ Double($0.text) }), value.isFinite, range.contains(value) else {
                reading.wrong(node, want: "a number from \(trim(range.lowerBound)) to \(trim(range.upperBound))")
                return nil
            }
            return value
        } show: {
            .bare(trim($0))
        }
    }

    private static func trim(_ value: Double) -> String {
        let rounded = (value * 1_000_000).rounded() / 1_000_000
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}

extension Kind where Value == Period {
    /// A length of time that may have months.
    static func period(atLeast: Duration) -> Kind {
        Kind(type: .duration) { node, reading in
            guard let period = Kind.parse(node, &reading) else { return nil }
            guard period.approximate >= atLeast, period.approximate <= Kind.longest else {
                reading.problem(node, "\(node.found) is out of range; write \(atLeast.iso) to P36500D")
                return nil
            }
            return period
        } show: {
            .text($0.exact.map(\.iso) ?? $0.description)
        }
    }

    /// A hundred years: longer is a mistake, and sums with it stay far from overflow.
    static var longest: Duration { .seconds(36_500 * 86_400) }

    static func parse(_ node: ConfigNode, _ reading: inout Reading) -> Period? {
        guard let scalar = node.scalar else {
            reading.wrong(node, want: "a duration such as PT10M or 10m")
            return nil
        }
        do {
            return try Period(parsing: scalar.text)
        } catch {
            switch error {
            case .noUnit where scalar.origin == .literal: reading.problem(node, error.description)
            case .noUnit: reading.problem(node, "\(node.found) has no unit: write a duration such as PT10M or 10m")
            case .malformed:
                reading.problem(node, "\(node.found) is not a duration: write ISO 8601 such as PT10M, P1D, or 10m")
            }
            return nil
        }
    }
}

extension Kind where Value == Duration {
    /// An exact length of time, at most a hundred years.
    static func duration(atLeast: Duration = .milliseconds(1)) -> Kind {
        Kind(type: .duration) { node, reading in
            guard let period = Kind<Period>.parse(node, &reading) else { return nil }
            guard let exact = period.exact else {
                reading.problem(
                    node,
                    "\(node.found) has no exact length, for months differ: write days, such as P\(period.months * 30)D")
                return nil
            }
            guard exact >= atLeast, exact <= Kind<Period>.longest else {
                reading.problem(node, "\(node.found) is out of range; write \(atLeast.iso) to P36500D")
                return nil
            }
            return exact
        } show: {
            .text($0.iso)
        }
    }
}

extension Kind where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    /// One of the raw values.
    static func choice(_ noun: String) -> Kind {
        .choice(noun, Value.allCases.map { ($0.rawValue, $0) }) { $0.rawValue }
    }
}

extension Kind where Value == Priority {
    static var priority: Kind { .choice("a priority", Priority.allCases.map { ($0.name, $0) }) { $0.name } }
}

extension Kind {
    /// One of some names.
    static func choice(
        _ noun: String, _ values: [(name: String, value: Value)], name: @escaping @Sendable (Value) -> String
    ) -> Kind {
        let names = values.map(\.name)
        return Kind(type: .choice(names)) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "\(noun): \(names.joined(separator: ", "))")
                return nil
            }
            if let found = values.first(where: { $0.name == scalar.text }) { return found.value }
            let all = names.joined(separator: ", ")
            let near = Suggestion.nearest(to: scalar.text, in: names).map { "did you mean \"\($0)\"? One of \(all)" }
            reading.problem(node, "\(node.found) is not \(noun); \(near ?? "write one of \(all)")")
            return nil
        } show: {
            .text(name($0))
        }
    }
}

extension Duration {
    /// ISO 8601; whole days as days.
    var iso: String {
        let day: Int64 = 86_400_000_000
        let micro = microseconds
        return micro > 0 && micro % day == 0 ? "P\(micro / day)D" : Period(self).description
    }
}

extension Kind where Value == Bool {
    /// `true` or `false`.
    static var boolean: Kind {
        Kind(type: .boolean) { node, reading in
            switch node.scalar?.text {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default:
                reading.wrong(node, want: "true or false")
                return nil
            }
        } show: {
            .bare($0 ? "true" : "false")
        }
    }
}
