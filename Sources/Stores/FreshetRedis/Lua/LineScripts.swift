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

    private static func script(_ body: String) -> LuaScript { LuaScript(frame + body) }

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

    // MARK: Many at once, a slice at a time

    /// ARGV 5: at most so many; 6...: datasets, none for all.
    static let wake = script(
        #"""
        local left, woken = tonumber(ARGV[5]), 0
        local function some(key)
          local ids = call('ZRANGE', key, 0, left - 1)
          for _, m in ipairs(ids) do
            local r = read(m)
            becomeReady(r, math.min(r.nb, now))
          end
          left, woken = left - #ids, woken + #ids
        end
        if #ARGV == 5 then some(WAIT) end
        for i = 6, #ARGV do
          if left > 0 then some(p .. 'w:' .. ARGV[i]) end
        end
        local head = call('ZRANGE', WAIT, 0, 0, 'WITHSCORES')
        due = tonumber(head[2]) or NEVER
        finish()
        return woken
        """#)

    /// ARGV 5: `list` and the numbers, or `all` and at most so many.
    static let retryDead = script(
        #"""
        local n = 0
        local ids = {}
        if ARGV[5] == 'all' then
          ids = call('ZRANGE', DEAD, 0, ARGV[6] - 1)
        else
          for i = 6, #ARGV do ids[#ids + 1] = member(tonumber(ARGV[i])) end
        end
        for _, m in ipairs(ids) do
          local r = read(m)
          if r and r.st == 3 then
            unplace(r)
            r.st, r.at, r.nb, r.fin = 0, 0, now, NONE
            place(r)
            write(r)
            n = n + 1
          end
        end
        finish()
        return n
        """#)

    /// ARGV 5: `list` and the numbers of what nobody holds, `held` and numbers whoever holds them, `dead` or `done` and at most
    /// so many, with the moment before which they ended.
    static let delete = script(
        #"""
        local n, ids = 0, {}
        local mode = ARGV[5]
        if mode == 'dead' or mode == 'done' then
          ids = call('ZRANGEBYSCORE', mode == 'dead' and DEAD or DONE, '-inf', ARGV[7], 'LIMIT', 0, ARGV[6])
        else
          for i = 6, #ARGV do ids[#ids + 1] = member(tonumber(ARGV[i])) end
        end
        for _, m in ipairs(ids) do
          local r = read(m)
          if r and (mode ~= 'list' or r.st ~= 2 and r.st ~= 4) then
            delete(r)
            n = n + 1
          end
        end
        finish()
        return n
        """#)

    // MARK: Jobs from elsewhere

    /// ARGV 5...: records without numbers, see `JobStore.restore(_:now:)`.
    static let restore = script(
        #"""
        local out = {0, 0, 0}
        for i = 5, #ARGV do
          local new = parse(ARGV[i], '')
          local m = call('HGET', DOC, document(new))
          local old = m and read(m)
          local kind
          if not old then
            lastid = lastid + 1
            new.m, new.id, new.by, new.born, new.ext = member(lastid), lastid, token, token, 0
            if new.st ~= 3 then new.st = new.nb > now and 1 or 0 end
            create(new)
            kind = 1
          elseif again and old.born == token then
            kind = 1
          elseif new.st ~= 3 and old.st ~= 3 and raise(old, new.pr, new.heat, false) then
            kind = 2
          else
            kind = 3
          end
          out[kind] = out[kind] + 1
        end
        finish(true)
        return out
        """#)

    /// Whose number is higher is the younger job of a document and stays.
    private static let makeRoom = #"""
        local function makeRoom(doc, m)
          local other = call('HGET', DOC, doc)
          if not other then return true end
          if other >= m then return false end
          local r = read(other)
          if r then delete(r) end
          return true
        end

        """#

    /// ARGV 5...: records with the store's numbers.
    static let seed = script(
        makeRoom + #"""
            for i = 5, #ARGV do
              local r = parse(ARGV[i], '')
              r.m = member(r.id)
              if call('HEXISTS', JOB, r.m) == 0 and makeRoom(document(r), r.m) then
                r.st, r.ext, r.by, r.born = r.nb > now and 1 or 0, 1, token, token
                if r.id > lastid then lastid = r.id end
                create(r)
              end
            end
            finish()
            return 'OK'
            """#)

    /// ARGV 5...: wishes that the store has numbered: number, whether new, and the wish.
    static let add = script(
        makeRoom + #"""
            if again then return 'OK' end
            for i = 5, #ARGV do
              local id, new, pr, personal, heat, nb, limit, ds, key, cause = unpack_('<dBBBIddHc0Ic0Bc0', ARGV[i])
              local m = member(id)
              local r = read(m)
              if r then
                if r.st < 3 then raise(r, pr, heat, r.st == 1 and personal == 1 and nb == NONE) end
              elseif new == 1 and makeRoom(ds .. '\0' .. key, m) then
                if nb < now then nb = now end
                if id > lastid then lastid = id end
                create({m = m, st = nb > now and 1 or 0, pr = pr, ext = 1, at = 0, heat = heat, id = id, enq = now, nb = nb,
                  fence = 0, fin = NONE, by = token, born = token, ds = ds, key = key, err = '',
                  tail = pack('<Hc0Ic0Bc0', #ds, ds, #key, key, #cause, cause)})
              end
            end
            finish(true)
            return 'OK'
            """#)

    /// ARGV 1: the new epoch.
    ///
    /// Runs without the frame: there may be no line yet.
    static let begin = LuaScript(
        #"""
        local base, new = KEYS[1], ARGV[1]
        local function clear(epoch)
          local p = base .. ':' .. epoch .. ':'
          for _, ds in ipairs(redis.call('SMEMBERS', p .. 'sets')) do
            redis.call('UNLINK', p .. 'w:' .. ds)
            for pr = 0, 3 do redis.call('UNLINK', p .. 'r' .. pr .. ':' .. ds, p .. 'o' .. pr .. ':' .. ds) end
          end
          redis.call('UNLINK', p .. 'job', p .. 'doc', p .. 'leased', p .. 'dead', p .. 'done', p .. 'wait', p .. 'count', p .. 'sets')
        end
        local old = redis.call('HGET', base, 'epoch')
        if old then clear(old) end
        if old ~= new then clear(new) end
        redis.call('HSET', base, 'epoch', new)
        redis.call('HDEL', base, 'due')
        for _, f in ipairs(redis.call('HKEYS', base)) do
          if string.sub(f, 1, 2) == 's:' then redis.call('HDEL', base, f) end
        end
        return 'OK'
        """#)

    static let all = [
        cycle, heartbeat, recover, wake, retryDead, delete, restore, seed, add, begin, job, jobOf, position, page,
        depth, next,
        datasets,
    ]
}

// MARK: Questions

extension LineScripts {
    /// ARGV 5: the number.
    static let job = script("return call('HGET', JOB, member(tonumber(ARGV[5])))")

    /// ARGV 5: dataset, NUL, key.
    static let jobOf = script(
        """
        local m = call('HGET', DOC, ARGV[5])
        return m and call('HGET', JOB, m)
        """)

    static let datasets = script("return call('SMEMBERS', p .. 'sets')")

    /// ARGV 5: the number.
    static let position = script(
        #"""
        local r = read(member(tonumber(ARGV[5])))
        if not r or r.st ~= 0 then return false end
        local source = string.match(r.ds, '^[^.]*%.')
        local score, ahead = 0 - r.heat, 0
        for _, ds in ipairs(call('SMEMBERS', p .. 'sets')) do
          if sub(ds, 1, #source) == source then
            for pr = 0, r.pr - 1 do ahead = ahead + call('ZCARD', p .. 'r' .. pr .. ':' .. ds) end
            local key = p .. 'r' .. r.pr .. ':' .. ds
            if ds == r.ds then
              ahead = ahead + call('ZRANK', key, r.m)
            else
              -- Among those of equal heat the lower numbers go first: found by halving.
              local low = call('ZCOUNT', key, '-inf', '(' .. score)
              local high = low + call('ZCOUNT', key, score, score)
              while low < high do
                local middle = math.floor((low + high) / 2)
                if call('ZRANGE', key, middle, middle)[1] < r.m then low = middle + 1 else high = middle end
              end
              ahead = ahead + low
            end
          end
        end
        return ahead
        """#)

    /// ARGV 5: the end of a sorted set's key; 6: where to begin; 7: at most so many; 8: backwards (`1`).
    static let page = script(
        #"""
        local from = tonumber(ARGV[6])
        local ids = call(ARGV[8] == '1' and 'ZREVRANGE' or 'ZRANGE', p .. ARGV[5], from, from + ARGV[7] - 1)
        if #ids == 0 then return {} end
        return call('HMGET', JOB, unpack(ids))
        """#)

    /// ARGV 5: a source, or nothing for all.
    static let depth = script(
        #"""
        local source, out = ARGV[5] ~= '' and ARGV[5] .. '.' or '', {}
        for _, ds in ipairs(call('SMEMBERS', p .. 'sets')) do
          if sub(ds, 1, #source) == source then
            for pr = 0, 3 do
              local n = call('ZCARD', p .. 'r' .. pr .. ':' .. ds)
              if n > 0 then
                local head = call('ZRANGE', p .. 'o' .. pr .. ':' .. ds, 0, 0, 'WITHSCORES')
                out[#out + 1] = 0
                out[#out + 1] = pr
                out[#out + 1] = n
                out[#out + 1] = tonumber(head[2]) or NONE
              end
            end
          end
        end
        local all = call('HGETALL', p .. 'count')
        for i = 1, #all, 2 do
          local st, pr, ds = string.match(all[i], '^(%d):(%d):(.*)$')
          if sub(ds, 1, #source) == source and all[i + 1] ~= '0' then
            out[#out + 1] = tonumber(st)
            out[#out + 1] = tonumber(pr)
            out[#out + 1] = tonumber(all[i + 1])
            out[#out + 1] = NONE
          end
        end
        return out
        """#)

    /// ARGV 5...: datasets.
    static let next = script(
        #"""
        local first = NEVER
        for i = 5, #ARGV do
          local head = call('ZRANGE', p .. 'w:' .. ARGV[i], 0, 0, 'WITHSCORES')
          if head[2] and tonumber(head[2]) < first then first = tonumber(head[2]) end
        end
        return first < NEVER and first or false
        """#)
}
