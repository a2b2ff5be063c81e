/// The scripts of the shared limits.
///
/// `base` is a hash: the clock. Of each count: `base:z:name`, calls by when their slots come back; `base:h:name`, when the next call is
/// due at an even pace and how many slots the grains hold; `base:g:name` and `base:n:name`, grains (a 1,024th of the window) by
/// their ends, and how many slots come back then. Counts of more than 10,000 calls, and calls that were counted elsewhere,
/// stand in grains: a slot comes back up to a grain late, never early.
enum LimitScripts {
    private static let frame = #"""
        local base, again = KEYS[1], ARGV[1] == '1'
        local call = redis.call
        local time = call('TIME')
        local clock = call('HMGET', base, 'last', 'offset')
        local last, offset = tonumber(clock[1]) or 0, tonumber(clock[2]) or 0
        local now = time[1] * 1000000 + time[2] + offset
        -- When the server's clock is set back this one goes on from where it was.
        if now < last then offset, now = offset + last - now, last end
        local MANY = 10000

        local function tick() call('HSET', base, 'last', now, 'offset', offset) end

        local function keep(key, span)
          local ms = math.ceil(span / 1000)
          if call('PTTL', key) < ms then call('PEXPIRE', key, ms + 60000) end
        end

        local function purge(name)
          call('ZREMRANGEBYSCORE', base .. ':z:' .. name, '-inf', now)
          local h = call('HMGET', base .. ':h:' .. name, 'due', 'sum')
          local sum = tonumber(h[2]) or 0
          if sum > 0 then
            local grains, counts = base .. ':g:' .. name, base .. ':n:' .. name
            local over = call('ZRANGEBYSCORE', grains, '-inf', now)
            for _, g in ipairs(over) do
              sum = sum - (tonumber(call('HGET', counts, g)) or 0)
              call('HDEL', counts, g)
              call('ZREM', grains, g)
            end
            if #over > 0 then
              sum = math.max(0, sum)
              call('HSET', base .. ':h:' .. name, 'sum', sum)
            end
          end
          return call('ZCARD', base .. ':z:' .. name) + sum, tonumber(h[1]) or 0, sum
        end

        local function into(name, per, release, n)
          local grain = per / 1024
          local g = string.format('%.0f', math.floor(release / grain) + 1)
          if call('HINCRBY', base .. ':n:' .. name, g, n) == n then
            call('ZADD', base .. ':g:' .. name, tonumber(g) * grain, g)
          end
          call('HINCRBY', base .. ':h:' .. name, 'sum', n)
          local span = release - now + per
          keep(base .. ':n:' .. name, span)
          keep(base .. ':g:' .. name, span)
          keep(base .. ':h:' .. name, span)
        end

        """#

    private static func script(_ body: String) -> LuaScript { LuaScript(frame + body) }

    /// ARGV 1: mark; 2: the call; 3: the hold; then name, window, capacity, interval and tolerance of each count, in microseconds.
    static let take = script(
        #"""
        local id, hold = ARGV[2], tonumber(ARGV[3])
        if again and call('ZSCORE', base .. ':z:' .. ARGV[4], id) then return {1} end

        -- When the slot comes back that makes room: the k-th from now.
        local function release(name, k, sum)
          if sum == 0 then
            local at = call('ZRANGE', base .. ':z:' .. name, k - 1, k - 1, 'WITHSCORES')
            return tonumber(at[2]) or now
          end
          local i, j = 0, 0
          local a = call('ZRANGE', base .. ':z:' .. name, 0, k - 1, 'WITHSCORES')
          while true do
            local z = tonumber(a[i * 2 + 2])
            local g = call('ZRANGE', base .. ':g:' .. name, j, j, 'WITHSCORES')
            local edge = tonumber(g[2])
            if not z and not edge then return now end
            if not edge or z and z < edge then
              k, i = k - 1, i + 1
              if k <= 0 then return z end
            else
              k, j = k - (tonumber(call('HGET', base .. ':n:' .. name, g[1])) or 0), j + 1
              if k <= 0 then return edge end
            end
          end
        end

        local worst, which, dues = now, nil, {}
        for i = 4, #ARGV, 5 do
          local name, per, capacity = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
          local used, due, sum = purge(name)
          dues[i] = due
          local at = due - tonumber(ARGV[i + 4])
          -- A call under way comes back after its answer: not before a window from now.
          if used >= capacity then at = math.max(at, math.min(release(name, used + 1 - capacity, sum), now + per)) end
          if at > worst then worst, which = at, name end
          if used >= capacity and not which then worst, which = now + 1000, name end
        end
        if which then return {0, math.ceil(worst - now), which} end
        tick()
        for i = 4, #ARGV, 5 do
          local name = ARGV[i]
          call('ZADD', base .. ':z:' .. name, now + hold, id)
          call('HSET', base .. ':h:' .. name, 'due', math.max(dues[i], now) + tonumber(ARGV[i + 3]))
          keep(base .. ':z:' .. name, hold + tonumber(ARGV[i + 1]))
          keep(base .. ':h:' .. name, hold + tonumber(ARGV[i + 1]))
        end
        return {1}
        """#)

    /// ARGV 1: mark; then call, window, capacity and name, as often as there are calls and counts.
    static let settle = script(
        #"""
        tick()
        for i = 2, #ARGV, 4 do
          local id, per, name = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 3]
          if tonumber(ARGV[i + 2]) > MANY then
            if call('ZREM', base .. ':z:' .. name, id) == 1 or not again then into(name, per, now + per, 1) end
          else
            -- Also when its hold ran out: the server counted it all the same.
            call('ZADD', base .. ':z:' .. name, now + per, id)
            keep(base .. ':z:' .. name, per)
          end
        end
        return 'OK'
        """#)

    /// ARGV 1: mark; then call, interval and name.
    static let refund = script(
        #"""
        for i = 2, #ARGV, 3 do
          local name = ARGV[i + 2]
          if call('ZREM', base .. ':z:' .. name, ARGV[i]) == 1 then
            local due = tonumber(call('HGET', base .. ':h:' .. name, 'due'))
            if due then call('HSET', base .. ':h:' .. name, 'due', due - tonumber(ARGV[i + 1])) end
          end
        end
        return 'OK'
        """#)

    /// ARGV 1: mark; then name, window, slots and the time until they come back.
    static let adopt = script(
        #"""
        tick()
        for i = 2, #ARGV, 4 do
          local slots = tonumber(ARGV[i + 2])
          if slots > 0 then into(ARGV[i], tonumber(ARGV[i + 1]), now + tonumber(ARGV[i + 3]), slots) end
        end
        return 'OK'
        """#)

    /// ARGV 1: mark; then names.
    static let used = script(
        #"""
        local out = {}
        for i = 2, #ARGV do out[#out + 1] = (purge(ARGV[i])) end
        return out
        """#)

    static let all = [take, settle, refund, adopt, used]
}
