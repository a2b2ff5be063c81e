// Numbers in databases, the same in every store. They are frozen: a new case takes a new number.

extension DocumentState.Presence {
    package var code: Int {
        switch self {
        case .unknown: 0
        case .live: 1
        case .missing: 2
        case .gone: 3
        }
    }

    package init(code: Int) {
        switch code {
        case 1: self = .live
        case 2: self = .missing
        case 3: self = .gone
        default: self = .unknown
        }
    }
}

extension Origin {
    package var code: Int {
        switch self {
        case .upstream: 0
        case .fallback: 1
        case .import: 2
        }
    }

    package init(code: Int) {
        switch code {
        case 1: self = .fallback
        case 2: self = .import
        default: self = .upstream
        }
    }
}

extension RefreshJob.State {
    package var code: Int {
        switch self {
        case .ready: 0
        case .waiting: 1
        case .leased: 2
        case .dead: 3
        case .done: 4
        }
    }

    package init(code: Int) {
        switch code {
        case 0: self = .ready
        case 1: self = .waiting
        case 2: self = .leased
        case 3: self = .dead
        default: self = .done
        }
    }
}
