/// Flights: one key each, which holds who is under way.
enum FlightScripts {
    /// ARGV: holder, milliseconds.
    static let begin = LuaScript(
        """
        local holder = redis.call('GET', KEYS[1])
        if holder and holder ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
        """)

    /// ARGV: holder.
    static let end = LuaScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])
        """)

    static let all = [begin, end]
}
