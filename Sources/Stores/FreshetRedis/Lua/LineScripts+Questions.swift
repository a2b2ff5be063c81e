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
