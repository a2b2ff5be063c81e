import FreshetCore
import FreshetEngine
import FreshetPostgres

/// Rings through PostgreSQL, where its LISTEN and NOTIFY get through.
struct PostgresWire: NewsWire {
    let news: PostgresNews

    var isLive: Bool { news.isHeard }

    func ring(_ news: News) { self.news.ring(news) }

    func rings() -> AsyncStream<News> { news.rings() }
}
