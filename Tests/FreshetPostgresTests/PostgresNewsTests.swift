import FreshetCore
import FreshetPostgres
import FreshetTesting
import Testing

@Suite(
    .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"),
    .timeLimit(.minutes(5)))
struct PostgresNewsTests {
    @Test func `a ring is heard by the others and by oneself`() async throws {
        let uri = try await TestDatabase.uri()
        let (one, other) = (try await TestDatabase.open(uri), try await TestDatabase.open(uri))
        for store in [one, other] { try await Self.wait { store.news.isHeard } }
        var (here, there) = (one.news.rings().makeAsyncIterator(), other.news.rings().makeAsyncIterator())
        one.news.ring(.jobs)
        #expect(await here.next() == .jobs)
        #expect(await there.next() == .jobs)
        other.news.ring(.documents)
        #expect(await here.next() == .documents)
        await one.close()
        #expect(await here.next() == nil, "the end of the store is the end of the rings")
        await other.close()
    }

    @Test func `databases are apart`() async throws {
        let (one, other) = (try await TestDatabase.store(), try await TestDatabase.store())
        for store in [one, other] { try await Self.wait { store.news.isHeard } }
        var there = other.news.rings().makeAsyncIterator()
        one.news.ring(.jobs)
        other.news.ring(.sources)
        #expect(await there.next() == .sources)
        await one.close()
        await other.close()
    }

    @Test func `through a pooler nothing is heard, and it says so; others hear its rings all the same`() async throws {
        let uri = try await TestDatabase.uri()
        let direct = try await TestDatabase.open(uri)
        let pooled = try await TestDatabase.open(PrivatePostgres.shared().pooled(uri))
        try await Self.wait { direct.news.isHeard }
        var there = direct.news.rings().makeAsyncIterator()
        let ringing = Task {
            while !Task.isCancelled {
                pooled.news.ring(.jobs)
                await serverTurn()
            }
        }
        #expect(await there.next() == .jobs)
        ringing.cancel()
        #expect(!pooled.news.isHeard)
        await direct.close()
        await pooled.close()
    }

    @Test func `a listener whose connection is killed connects again and looks at everything`() async throws {
        let uri = try await TestDatabase.uri()
        let store = try await TestDatabase.open(uri)
        try await Self.wait { store.news.isHeard }
        var rings = store.news.rings().makeAsyncIterator()
        _ = try await PrivatePostgres.shared().sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """, in: uri)
        var heard: Set<News> = []
        while heard.count < News.allCases.count, let news = await rings.next() { heard.insert(news) }
        #expect(heard == Set(News.allCases))
        await store.close()
    }

    private static func wait(_ isKept: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while !isKept() {
            try #require(ContinuousClock.now < end, "it came about in time")
            await serverTurn()
        }
    }
}
