extension LineScripts {
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
}
