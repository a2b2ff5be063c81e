import FreshetCore

extension TableSession {
    /// A view that stood in the way of a change.
    struct DroppedView {
        var name: String
        var sql: String
        /// Whether Freshet made it; others come back as PostgreSQL describes them.
        var isOwn: Bool
    }

    /// Makes the views that were asked for, as far as their tables exist; changed ones are made anew.
    ///
    /// - Returns: Views whose name is taken or whose SQL is refused.
    func settleViews(_ views: [ViewSpec]) throws -> [TableStop] {
        var stops: [TableStop] = []
        for view in views {
            let sql = view.postgres ?? view.sqlite
            let known = try connection.query(
                "SELECT sql, is_made FROM freshet_views WHERE name = $1", [.text(view.name)]
            ).first { (sql: $0.text(0), isMade: $0.bool(1)) }
            if known == nil || known?.isMade == false, book.isTaken(view.name.lowercased()) {
                stops.append(.taken(view.name))
            } else if known?.sql != sql || known?.isMade == false {
                if let stop = try make(view.name, sql, view.tables) { stops.append(stop) }
            }
        }
        return stops
    }

    /// Makes the views that waited for tables which exist by now.
    func makePendingViews() throws {
        let waiting = try connection.query(
            "SELECT name, sql, tables FROM freshet_views WHERE NOT is_made ORDER BY name"
        )
        .map { (name: $0.text(0), sql: $0.text(1), tables: $0.text(2)) }
        for view in waiting where !book.isTaken(view.name.lowercased()) {
            _ = try make(view.name, view.sql, try SchemaText.decode([String].self, view.tables))
        }
    }

    private func make(_ name: String, _ sql: String, _ tables: [String]) throws -> TableStop? {
        let isReady = tables.allSatisfy { book.record(named: $0) != nil || book.otherNames.contains($0.lowercased()) }
        var stop: TableStop?
        if isReady {
            do {
                try connection.savepoint { connection in
                    _ = try self.dropViews(of: [name], itself: true)
                    _ = try connection.script("CREATE VIEW \(quoted(name)) AS \(sql)")
                }
            } catch let error as PGError where error.kind == .server && !error.isTransient {
                stop = TableStop(
                    kind: "view", table: name, message: "the view \(name) cannot be made: \(error.message)")
            }
        }
        let isMade = isReady && stop == nil
        try connection.execute(
            """
            INSERT INTO freshet_views (name, sql, tables, is_made) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE SET sql = $2, tables = $3, is_made = $4
            """, [.text(name), .text(sql), .text(try SchemaText.encode(tables)), .bool(isMade)])
        if isMade {
            book.otherNames.insert(name.lowercased())
            hasChanges = true
        }
        return stop
    }

    /// Drops the views that show these tables or views, and those that show them in turn.
    ///
    /// With `itself` a view among the names is dropped, too. What was dropped comes back in the order in which it can be made
    /// again.
    func dropViews(of tables: [String], itself: Bool = false) throws -> [DroppedView] {
        let found = try connection.query(
            """
            WITH RECURSIVE above AS (
                SELECT c.oid, 0 AS depth FROM pg_class c
                WHERE c.relname::text = ANY($1) AND c.relnamespace = current_schema()::regnamespace
                UNION
                SELECT r.ev_class, a.depth + 1 FROM above a
                JOIN pg_depend d ON d.refobjid = a.oid AND d.classid = 'pg_rewrite'::regclass
                JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> a.oid
                WHERE a.depth < 50
            )
            SELECT c.oid::regclass::text, max(a.depth), max(v.name), coalesce(max(v.sql), pg_get_viewdef(c.oid))
            FROM above a JOIN pg_class c ON c.oid = a.oid
            LEFT JOIN freshet_views v ON v.name = c.relname::text AND c.relnamespace = current_schema()::regnamespace
            WHERE c.relkind = 'v' AND (a.depth > 0 OR $2) GROUP BY c.oid ORDER BY 2, 1
            """, [.texts(tables.map { TableDDL.identifier($0) }), .bool(itself)]
        ).map { row in
            let own = row.optionalText(2)
            return (
                identifier: row.text(0),
                view: DroppedView(name: own ?? row.text(0), sql: row.text(3), isOwn: own != nil)
            )
        }
        for dropped in found.reversed() { try connection.script("DROP VIEW IF EXISTS \(dropped.identifier) CASCADE") }
        return found.map(\.view)
    }

    /// Makes views again after their tables changed; one of Freshet's that does not fit waits for tables that it fits.
    func restore(_ views: [DroppedView]) throws {
        for view in views {
            let name = view.isOwn ? quoted(view.name) : view.name
            do {
                try connection.savepoint { _ = try $0.script("CREATE VIEW \(name) AS \(view.sql)") }
            } catch let error as PGError where error.kind == .server && !error.isTransient {
                guard view.isOwn else {
                    throw StoreError.refused(
                        "the view \(view.name), which somebody made over a table, does not fit the table's new form; drop it"
                    )
                }
                try forget([view])
            }
        }
    }

    /// Notes that views of Freshet wait for their tables again.
    func forget(_ views: [DroppedView]) throws {
        let own = views.filter(\.isOwn).map(\.name)
        guard !own.isEmpty else { return }
        try connection.execute("UPDATE freshet_views SET is_made = false WHERE name = ANY($1)", [.texts(own)])
        for name in own { book.otherNames.remove(name.lowercased()) }
        hasChanges = true
    }
}

extension TableStop {
    fileprivate static func taken(_ view: String) -> TableStop {
        TableStop(
            kind: "name-taken", table: view,
            message: "the view \(view) cannot be made: its name belongs to a table; rename one of them")
    }
}
