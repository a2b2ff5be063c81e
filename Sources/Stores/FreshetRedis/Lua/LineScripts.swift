/// The scripts of the line.
///
/// Keys of a line begin with `{base}:{epoch}:`. `base` itself is a hash: the epoch, the last number and fence (they go on when a
/// line is begun anew), and when the next waiting job falls due.
///
/// - `job`: number → record, see `JobRecord`. Numbers are written with 16 digits, so that equal scores go by number.
/// - `doc`: dataset, NUL, key → number of the unfinished or dead job.
/// - `r0…r3:dataset`: ready jobs of a priority by falling heat; `o0…o3:dataset`: the same by when they became ready.
/// - `wait`, `w:dataset`: waiting jobs by when they fall due. `leased` by the end of the lease, `dead` and `done` by the end.
/// - `count`: state:priority:dataset → how many, for all but the ready ones. `sets`: datasets that were ever seen.
///
/// Every call brings the epoch that the process goes by, the process, the number of the call, and the caller's time. `base` has
/// the last number of each process (`s:process`): a call that was done before changes nothing. Jobs keep the number of the call
/// that made them and of the one that changed them last, by which a repeated call finds its own work.
enum LineScripts {
    private static let frame = #"""
        local base, want, process = KEYS[1], ARGV[1], 's:' .. ARGV[2]
        local token, now = tonumber(ARGV[3]), tonumber(ARGV[4])
        local meta = redis.call('HMGET', base, 'epoch', 'id', 'fence', 'due', process)
        if not meta[1] then
          return redis.error_reply('FRESHET the line in Redis was never begun, or has lost everything since')
        end
        if want ~= '' and want ~= meta[1] then
          return redis.error_reply('FRESHET the line in Redis was begun anew')
        end
        -- Whether this was done before, and only the answer was lost.
        local again = token <= (tonumber(meta[5]) or 0)
        local NONE, NEVER = -9007199254740992, 9007199254740992
        local p = base .. ':' .. meta[1] .. ':'
        local JOB, DOC, LEASED, DEAD, DONE, WAIT = p .. 'job', p .. 'doc', p .. 'leased', p .. 'dead', p .. 'done', p .. 'wait'
        local lastid, fence, due = tonumber(meta[2]) or 0, tonumber(meta[3]) or 0, tonumber(meta[4]) or NEVER
        local oldid, oldfence, olddue = lastid, fence, due
        local counts, sets = {}, {}
        local call, pack, unpack_, sub = redis.call, struct.pack, struct.unpack, string.sub

        local function member(id) return string.format('%016d', id) end

        local function parse(s, m)
          local r = {m = m}
          r.st, r.pr, r.ext, r.at, r.heat, r.id, r.enq, r.nb, r.fence, r.fin, r.by, r.born = unpack_('<BBBIIddddddd', s)
          local pos
          r.ds, r.key, r.cause, pos = unpack_('<Hc0Ic0Bc0', s, 68)
          r.tail, r.err = sub(s, 68, pos - 1), sub(s, pos)
          return r
        end

        local function read(m)
          local s = call('HGET', JOB, m)
          return s and parse(s, m) or nil
        end

        local function bytes(r)
          return pack('<BBBIIddddddd', r.st, r.pr, r.ext, r.at, r.heat, r.id, r.enq, r.nb, r.fence, r.fin, r.by, r.born) .. r.tail .. r.err
        end

        local function write(r) call('HSET', JOB, r.m, bytes(r)) end

        local function document(r) return r.ds .. '\0' .. r.key end

        local function tally(r, n)
          local f = r.st .. ':' .. r.pr .. ':' .. r.ds
          counts[f] = (counts[f] or 0) + n
        end

        local function unplace(r)
          if r.st == 0 then
            call('ZREM', p .. 'r' .. r.pr .. ':' .. r.ds, r.m)
            call('ZREM', p .. 'o' .. r.pr .. ':' .. r.ds, r.m)
            return
          end
          tally(r, -1)
          if r.st == 1 then
            call('ZREM', WAIT, r.m)
            call('ZREM', p .. 'w:' .. r.ds, r.m)
          else
            call('ZREM', r.st == 2 and LEASED or r.st == 3 and DEAD or DONE, r.m)
          end
        end

        local function place(r, til)
          if r.st == 0 then
            call('ZADD', p .. 'r' .. r.pr .. ':' .. r.ds, 0 - r.heat, r.m)
            call('ZADD', p .. 'o' .. r.pr .. ':' .. r.ds, r.nb, r.m)
            return
          end
          tally(r, 1)
          if r.st == 1 then
            call('ZADD', WAIT, r.nb, r.m)
            call('ZADD', p .. 'w:' .. r.ds, r.nb, r.m)
            if r.nb < due then due = r.nb end
          elseif r.st == 2 then
            call('ZADD', LEASED, til, r.m)
          else
            call('ZADD', r.st == 3 and DEAD or DONE, r.fin, r.m)
          end
        end

        local function create(r)
          if not sets[r.ds] then
            call('SADD', p .. 'sets', r.ds)
            sets[r.ds] = true
          end
          place(r)
          write(r)
          call('HSET', DOC, document(r), r.m)
        end

        local function delete(r)
          unplace(r)
          call('HDEL', JOB, r.m)
          local f = document(r)
          if call('HGET', DOC, f) == r.m then call('HDEL', DOC, f) end
        end

        local function becomeReady(r, nb)
          unplace(r)
          r.st, r.nb = 0, nb
          place(r)
          write(r)
        end

        local function raise(r, pr, heat, wakes)
          local raised = wakes or pr < r.pr
          if not raised and heat <= r.heat then return false end
          if r.st == 2 then
            tally(r, -1)
          else
            unplace(r)
          end
          if pr < r.pr then r.pr = pr end
          if heat > r.heat then r.heat = heat end
          if wakes then r.st, r.nb = 0, now end
          if r.st == 2 then
            tally(r, 1)
          else
            place(r)
          end
          write(r)
          return raised
        end

        -- A lease that was given elsewhere (in the store, or by this line before it was begun anew) is as good as one of this
        -- line while nobody holds the job here and no lease of it was younger.
        local function held(r, lease)
          return r.st == 2 and r.fence == lease or r.st < 2 and r.fence < lease
        end

        local function finish(changed)
          for f, n in pairs(counts) do
            if n ~= 0 then call('HINCRBY', p .. 'count', f, n) end
          end
          if changed and not again then
            call('HSET', base, process, ARGV[3], 'id', string.format('%.0f', lastid), 'fence', string.format('%.0f', fence),
              'due', string.format('%.0f', due))
          elseif lastid ~= oldid or fence ~= oldfence or due ~= olddue then
            call('HSET', base, 'id', string.format('%.0f', lastid), 'fence', string.format('%.0f', fence),
              'due', string.format('%.0f', due))
          end
        end

        """#

    static func script(_ body: String) -> LuaScript { LuaScript(frame + body) }

    // MARK: The cycle: ends, wishes, a lease

    /// ARGV 5: ends, each a packed argument; wishes, likewise; then the lease: how many, until, oldest first, and pairs of
    /// dataset and least urgent priority.
    static let cycle = script(
        #"""
        local at = 5

        local function finishJob(s)
          local id, efence, tries, kind, til, haserr, err = unpack_('<ddIBdBIc0', s)
          local r = read(member(id))
          if not r or not held(r, efence) then
            return again and (not r or r.by == token and r.fence == efence) and 1 or 0
          end
          unplace(r)
          if r.st < 2 then r.fence, r.at = efence, tries end
          r.by = token
          if kind == 0 or kind == 3 then
            if kind == 0 or r.ext == 1 then call('HDEL', DOC, document(r)) end
            if r.ext == 1 then
              call('HDEL', JOB, r.m)
              return 1
            end
            r.st, r.fin, r.err = kind == 0 and 4 or 3, now, kind == 0 and '' or err
          else
            r.st, r.nb = til > now and 1 or 0, til
            if kind == 2 then r.at = math.max(0, r.at - 1) end
            if haserr == 1 then r.err = err end
          end
          place(r)
          write(r)
          return 1
        end

        local function wish(s, out)
          local pr, personal, heat, nb, limit, ds, key, cause = unpack_('<BBIddHc0Ic0Bc0', s)
          local m = call('HGET', DOC, ds .. '\0' .. key)
          local r = m and read(m)
          if again then
            -- Its job may be finished by now.
            if not r then
              for _, other in ipairs(call('ZREVRANGE', DONE, 0, 99)) do
                local d = read(other)
                if d.ds == ds and d.key == key then
                  r = d
                  break
                end
              end
            end
            out[#out + 1] = r and r.id or 0
            out[#out + 1] = (not r or r.born == token) and 2 or 0
            return
          end
          if r then
            if r.st ~= 3 then
              local wakes = r.st == 1 and personal == 1 and nb == NONE
              out[#out + 1] = r.id
              out[#out + 1] = raise(r, pr, heat, wakes) and 1 or 0
              return
            end
            if personal == 0 and not (limit ~= NONE and r.fin < limit) then
              out[#out + 1] = r.id
              out[#out + 1] = 0
              return
            end
            delete(r)
          end
          lastid = lastid + 1
          if nb < now then nb = now end
          create({m = member(lastid), st = nb > now and 1 or 0, pr = pr, ext = 0, at = 0, heat = heat, id = lastid, enq = now,
            nb = nb, fence = 0, fin = NONE, by = token, born = token, ds = ds, key = key, err = '',
            tail = pack('<Hc0Ic0Bc0', #ds, ds, #key, key, #cause, cause)})
          out[#out + 1] = lastid
          out[#out + 1] = 2
        end

        -- A thousand at a time: a flood that falls due at once must not hold up everybody.
        local function promote()
          if due > now then return end
          for _, m in ipairs(call('ZRANGEBYSCORE', WAIT, '-inf', now, 'LIMIT', 0, 1000)) do
            local r = read(m)
            becomeReady(r, r.nb)
          end
          local head = call('ZRANGE', WAIT, 0, 0, 'WITHSCORES')
          due = tonumber(head[2]) or NEVER
        end

        local function heads(keys, n)
          if #keys == 1 then return call('ZRANGE', keys[1], 0, n - 1) end
          local found = {}
          for _, key in ipairs(keys) do
            local some = call('ZRANGE', key, 0, n - 1, 'WITHSCORES')
            for i = 1, #some, 2 do found[#found + 1] = {some[i], tonumber(some[i + 1])} end
          end
          table.sort(found, function(a, b) return a[2] < b[2] or a[2] == b[2] and a[1] < b[1] end)
          local chosen = {}
          for i = 1, math.min(n, #found) do chosen[i] = found[i][1] end
          return chosen
        end

        local function take(m, til, out)
          local r = read(m)
          unplace(r)
          fence = fence + 1
          r.st, r.at, r.fence, r.by = 2, r.at + 1, fence, token
          place(r, til)
          local s = bytes(r)
          call('HSET', JOB, m, s)
          out[#out + 1] = s
        end

        local function lease(out)
          local n, til, oldest = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2] == '1'
          if n < 1 then return end
          if again then
            for _, m in ipairs(call('ZRANGE', LEASED, 0, -1)) do
              local r = read(m)
              if r.by == token then out[#out + 1] = bytes(r) end
            end
            return
          end
          promote()
          local levels, all = {}, {}
          for pr = 0, 3 do
            local keys = {}
            for i = at + 3, #ARGV, 2 do
              if pr <= tonumber(ARGV[i + 1]) then
                keys[#keys + 1] = p .. (oldest and 'o' or 'r') .. pr .. ':' .. ARGV[i]
                all[#all + 1] = keys[#keys]
              end
            end
            levels[pr] = keys
          end
          if #all > 4 and #all < 4000 and call('EXISTS', unpack(all)) == 0 then return end
          local time = call('TIME')
          fence = math.max(fence, time[1] * 1000000 + time[2] - 1)
          if oldest then
            for _, m in ipairs(heads(all, n)) do take(m, til, out) end
          else
            for pr = 0, 3 do
              if #levels[pr] > 0 and #out < n then
                for _, m in ipairs(heads(levels[pr], n - #out)) do take(m, til, out) end
              end
            end
          end
          if #out == 0 then fence = oldfence end
        end

        local ends, wishes, jobs = {}, {}, {}
        local n = tonumber(ARGV[at])
        for i = 1, n do ends[i] = finishJob(ARGV[at + i]) end
        at = at + n + 1
        n = tonumber(ARGV[at])
        for i = 1, n do wish(ARGV[at + i], wishes) end
        at = at + n + 1
        lease(jobs)
        finish(#ends > 0 or #wishes > 0 or #jobs > 0)
        return {ends, wishes, jobs}
        """#)

    // MARK: Leases

    /// ARGV 5: until; then number, fence and tries of each.
    static let heartbeat = script(
        #"""
        local out = {}
        for i = 6, #ARGV, 3 do
          local r, lease = read(member(tonumber(ARGV[i]))), tonumber(ARGV[i + 1])
          local good = r and held(r, lease)
          if good and r.st == 2 then
            call('ZADD', LEASED, 'XX', ARGV[5], r.m)
          elseif good then
            unplace(r)
            r.st, r.fence, r.at = 2, lease, tonumber(ARGV[i + 2])
            place(r, ARGV[5])
            write(r)
            fence = math.max(fence, lease)
          end
          out[#out + 1] = good and 1 or 0
        end
        finish()
        return out
        """#)

    /// ARGV 5: all (`1`) or those that ran out; 6: at most so many.
    static let recover = script(
        #"""
        local ids = call('ZRANGEBYSCORE', LEASED, '-inf', ARGV[5] == '1' and '+inf' or now, 'LIMIT', 0, ARGV[6])
        for _, m in ipairs(ids) do becomeReady(read(m), now) end
        finish()
        return #ids
        """#)

    static let all = [
        cycle, heartbeat, recover, wake, retryDead, delete, restore, seed, add, begin, job, jobOf, position, page,
        depth, next,
        datasets,
    ]
}
