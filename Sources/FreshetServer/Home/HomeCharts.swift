import FreshetCore

/// Small charts as SVG, a bar a minute; what they say stands beside them in words as well.
enum HomeCharts {
    /// Calls of each minute, the failed ones marked, to the scale of the highest.
    static func calls(_ minutes: [HomeHistory.Minute?], label: String) -> HTML {
        let top = max(1, minutes.map { $0?.calls ?? 0 }.max() ?? 1)
        let bars = minutes.enumerated().map { index, minute -> HTML in
            guard let minute else { return gap(index) }
            guard minute.calls > 0 else { return .none }
            return bar(index, minute.calls, of: top, "bar") + bar(index, minute.failed, of: top, "bad")
        }
        return chart(bars, label)
    }

    /// The fresh share of each minute, from 0 to all.
    static func freshness(_ minutes: [HomeHistory.Minute?], label: String) -> HTML {
        let bars = minutes.enumerated().map { index, minute -> HTML in
            guard let share = minute?.freshShare else { return gap(index) }
            return bar(index, Int(share * 1000), of: 1000, "bar") + rest(index, Int(share * 1000))
        }
        return chart(bars, label)
    }

    /// How much of a window is used.
    static func used(_ used: Int, of limit: Int) -> HTML {
        let width = limit > 0 ? min(100, used * 100 / limit) : 100
        let style = width >= 90 ? "bad" : "bar"
        return """
            <svg class="use" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="base" width="100" height="10"/><rect class="\(style)" width="\(width)" height="10"/></svg>
            """
    }

    /// A share of the documents of a dataset.
    static func share(_ share: Double) -> HTML {
        let width = Int((share * 100).rounded(.down))
        return """
            <svg class="use" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="base" width="100" height="10"/><rect class="bar" width="\(width)" height="10"/></svg>
            """
    }

    private static func chart(_ bars: [HTML], _ label: String) -> HTML {
        """
        <svg class="chart" viewBox="0 0 240 48" preserveAspectRatio="none" role="img" aria-label="\(label)">\
        <rect class="ground" y="47" width="240" height="1"/>\(bars)</svg>
        """
    }

    private static func bar(_ index: Int, _ value: Int, of top: Int, _ style: String) -> HTML {
        guard value > 0 else { return .none }
        let height = max(2, value * 47 / top)
        return """
            <rect class="\(style)" x="\(index * 4)" y="\(48 - height)" width="3" height="\(height)"/>
            """
    }

    /// What is missing to the whole.
    private static func rest(_ index: Int, _ thousandths: Int) -> HTML {
        let height = 47 - thousandths * 47 / 1000
        guard height > 0 else { return .none }
        return """
            <rect class="faint" x="\(index * 4)" y="1" width="3" height="\(height)"/>
            """
    }

    private static func gap(_ index: Int) -> HTML {
        """
        <rect class="gap" x="\(index * 4)" y="45" width="3" height="1"/>
        """
    }
}

extension HTML {
    static func + (a: HTML, b: HTML) -> HTML { "\(a)\(b)" }
}
