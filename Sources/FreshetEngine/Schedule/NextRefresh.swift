import FreshetCore

extension DatasetConfig {
    /// When a key is due for its next refresh by itself; `nil` when only a read would cause one.
    ///
    /// On a timeline (cron, key lists) the time is the scheduler's; an interval is told from the last attempt, which is at
    /// most one look of the scheduler early.
    func nextRefresh(of key: String, state: DocumentState) -> Timestamp? {
        guard let schedule = refresh, schedule.adaptive == nil, case .every(let period) = schedule.timing,
            let checked = state.checkedAt
        else {
            return nil
        }
        if case .list(let keys) = schedule.selection, !keys.contains(key) { return nil }
        return period.added(to: checked)
    }
}
