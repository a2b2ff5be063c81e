import FreshetCore

extension WriteSession {
    /// Makes the views that were asked for, as far as their tables exist; changed ones are made anew.
    ///
    /// - Returns: Views whose name is taken or whose SQL is refused.
    func settleViews(_ views: [ViewSpec]) throws -> [TableStop] {
        pendingViews = []
        var stops: [TableStop] = []
        for view in views {
            if let stop = try settle(view) { stops.append(stop) }
        }
        return stops
    }

    /// Makes the views that waited for tables which exist by now.
    func makePendingViews() throws {
        let waiting = pendingViews
        pendingViews = []
        for view in waiting { _ = try settle(view) }
    }

    private func settle(_ view: ViewSpec) throws -> TableStop? {
        let book = try tables()
        let search = try statement("SELECT sql FROM freshet_views WHERE name = ?1")
        defer { search.reset() }
        search.bind(view.name, at: 1)
        let present = try search.step() ? search.text(0) : nil
        search.reset()
        if present == nil, book.isTaken(view.name.lowercased()) {
            return TableStop(
                kind: "name-taken", table: view.name,
                message: "the view \(view.name) cannot be made: its name belongs to a table; rename one of them")
        }
        if present == view.sqlite { return nil }
        let names = Set(view.tables.map { $0.lowercased() })
        guard names.allSatisfy({ book.record(named: $0) != nil || book.otherNames.contains($0) }) else {
            pendingViews.append(view)
            return nil
        }
        try execute("SAVEPOINT making_view")
        do {
            try execute("DROP VIEW IF EXISTS \(quoted(view.name))")
            try execute("CREATE VIEW \(quoted(view.name)) AS \(view.sqlite)")
            try execute("RELEASE making_view")
        } catch {
            try execute("ROLLBACK TO making_view")
            try execute("RELEASE making_view")
            return TableStop(
                kind: "view", table: view.name, message: "the view \(view.name) cannot be made: \(error)")
        }
        let record = try statement("INSERT OR REPLACE INTO freshet_views (name, sql) VALUES (?1, ?2)")
        record.bind(view.name, at: 1)
        record.bind(view.sqlite, at: 2)
        try record.run()
        self.book?.otherNames.insert(view.name.lowercased())
        return nil
    }
}
