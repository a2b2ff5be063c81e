extension Migrations {
    /// Enqueuing and leasing, each one round trip.
    ///
    /// A lease is not waited for on the server's disk: when the server crashes it may be forgotten, the job is ready again with
    /// its old fence, and whoever ends it first ends it alone.
    static let jobFunctions = """
        CREATE FUNCTION freshet_enqueue(
            datasets bigint[], keys text[], priorities bigint[], causes text[], heats bigint[], moments bigint[],
            replaces bigint[], now_us bigint)
        RETURNS TABLE (place bigint, job bigint, is_new boolean, raised boolean) LANGUAGE plpgsql AS $$
        #variable_conflict use_column
        DECLARE
            numbers bigint[];
            fresh bigint[];
            wish record;
            found_job freshet_jobs;
            wakes boolean;
            new_id bigint;
        BEGIN
            -- Numbers in the order of the wishes, rows in the order of the keys: two callers never wait for each other crosswise.
            SELECT array_agg(nextval(pg_get_serial_sequence('freshet_jobs', 'id')) ORDER BY n) INTO numbers
                FROM generate_subscripts(keys, 1) n;
            WITH added AS (
                INSERT INTO freshet_jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat)
                SELECT numbers[w.n], w.d, w.k, w.p, w.c, now_us, greatest(coalesce(w.m, now_us), now_us), 0,
                    CASE WHEN w.m > now_us THEN 1 ELSE 0 END, w.h
                FROM unnest(datasets, keys, priorities, causes, heats, moments) WITH ORDINALITY w(d, k, p, c, h, m, n)
                ORDER BY w.d, w.k, w.n
                ON CONFLICT (dataset, key) WHERE state < 4 DO NOTHING RETURNING id)
            SELECT coalesce(array_agg(id), '{}') INTO fresh FROM added;
            FOR wish IN
                SELECT w.*, numbers[w.n] AS number
                FROM unnest(datasets, keys, priorities, causes, heats, moments, replaces)
                    WITH ORDINALITY w(d, k, p, c, h, m, r, n) ORDER BY w.d, w.k, w.n
            LOOP
                place := wish.n;
                IF wish.number = ANY (fresh) THEN
                    job := wish.number; is_new := true; raised := false;
                    RETURN NEXT;
                    CONTINUE;
                END IF;
                LOOP
                    SELECT * INTO found_job FROM freshet_jobs
                        WHERE dataset = wish.d AND key = wish.k AND state < 4 FOR UPDATE;
                    IF FOUND AND NOT (found_job.state = 3
                        AND (wish.c IN ('operator', 'cli') OR coalesce(found_job.finished_at < wish.r, false)))
                    THEN
                        job := found_job.id; is_new := false; raised := false;
                        IF found_job.state < 3 THEN
                            wakes := found_job.state = 1 AND wish.c IN ('operator', 'cli') AND wish.m IS NULL;
                            raised := wakes OR wish.p < found_job.priority;
                            IF raised OR wish.h > found_job.heat THEN
                                UPDATE freshet_jobs SET priority = least(priority, wish.p), heat = greatest(heat, wish.h),
                                    state = CASE WHEN wakes THEN 0 ELSE state END,
                                    not_before = CASE WHEN wakes THEN now_us ELSE not_before END
                                WHERE id = found_job.id;
                            END IF;
                        END IF;
                        EXIT;
                    END IF;
                    IF FOUND THEN DELETE FROM freshet_jobs WHERE id = found_job.id; END IF;
                    INSERT INTO freshet_jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat)
                    VALUES (wish.number, wish.d, wish.k, wish.p, wish.c, now_us,
                        greatest(coalesce(wish.m, now_us), now_us), 0,
                        CASE WHEN wish.m > now_us THEN 1 ELSE 0 END, wish.h)
                    ON CONFLICT (dataset, key) WHERE state < 4 DO NOTHING RETURNING id INTO new_id;
                    IF new_id IS NOT NULL THEN
                        job := new_id; is_new := true; raised := false;
                        EXIT;
                    END IF;
                END LOOP;
                RETURN NEXT;
            END LOOP;
        END $$;

        CREATE FUNCTION freshet_lease(
            datasets bigint[], ceilings bigint[], oldest boolean, wanted bigint, span bigint, now_us bigint)
        RETURNS SETOF freshet_jobs LANGUAGE plpgsql AS $$
        DECLARE
            level int;
            levels int[];
            found_ids bigint[];
            chosen bigint[] := '{}';
            base bigint;
        BEGIN
            -- Waiting jobs whose time has come, a bounded number of each priority: a flood must not hold up the others.
            IF EXISTS (SELECT 1 FROM generate_series(0, 3) p WHERE EXISTS (
                SELECT 1 FROM freshet_jobs WHERE state = 1 AND priority = p AND not_before <= now_us))
            THEN
                FOR level IN 0..3 LOOP
                    UPDATE freshet_jobs SET state = 0 WHERE id IN (
                        SELECT id FROM freshet_jobs WHERE state = 1 AND priority = level AND not_before <= now_us
                        ORDER BY not_before LIMIT 1000 FOR UPDATE SKIP LOCKED);
                END LOOP;
            END IF;
            -- The levels at which anything stands; most polls end here.
            SELECT array_agg(p ORDER BY p) INTO levels FROM generate_series(0, 3) p WHERE EXISTS (
                SELECT 1 FROM unnest(datasets, ceilings) a(d, c) WHERE a.c >= p AND EXISTS (
                    SELECT 1 FROM freshet_jobs WHERE state = 0 AND dataset = a.d AND priority = p));
            IF levels IS NULL THEN RETURN; END IF;
            IF oldest THEN
                -- How many of the oldest stand at each dataset and priority, then so many of those that nobody holds.
                WITH places AS (
                    SELECT a.d, p FROM unnest(datasets, ceilings) a(d, c), generate_series(0, a.c) p),
                heads AS (
                    SELECT l.d, l.p, j.not_before, j.id FROM places l CROSS JOIN LATERAL (
                        SELECT not_before, id FROM freshet_jobs WHERE state = 0 AND dataset = l.d AND priority = l.p
                        ORDER BY not_before, id LIMIT wanted) j
                    ORDER BY j.not_before, j.id LIMIT wanted),
                shares AS (SELECT d, p, count(*) AS n FROM heads GROUP BY d, p)
                SELECT array_agg(j.id ORDER BY j.not_before, j.id) INTO found_ids FROM shares s CROSS JOIN LATERAL (
                    SELECT not_before, id FROM freshet_jobs WHERE state = 0 AND dataset = s.d AND priority = s.p
                    ORDER BY not_before, id LIMIT s.n FOR UPDATE SKIP LOCKED) j;
                chosen := coalesce(found_ids, '{}');
            ELSE
                FOREACH level IN ARRAY levels LOOP
                    EXIT WHEN cardinality(chosen) >= wanted;
                    IF cardinality(datasets) = 1 THEN
                        SELECT array_agg(j.id ORDER BY j.heat DESC, j.id) INTO found_ids FROM (
                            SELECT heat, id FROM freshet_jobs
                            WHERE state = 0 AND dataset = datasets[1] AND priority = level
                            ORDER BY heat DESC, id LIMIT wanted - cardinality(chosen) FOR UPDATE SKIP LOCKED) j;
                        chosen := chosen || coalesce(found_ids, '{}');
                        CONTINUE;
                    END IF;
                    WITH heads AS (
                        SELECT a.d, j.heat, j.id FROM unnest(datasets, ceilings) a(d, c) CROSS JOIN LATERAL (
                            SELECT heat, id FROM freshet_jobs
                            WHERE state = 0 AND dataset = a.d AND priority = level AND level <= a.c
                            ORDER BY heat DESC, id LIMIT wanted - cardinality(chosen)) j
                        ORDER BY j.heat DESC, j.id LIMIT wanted - cardinality(chosen)),
                    shares AS (SELECT d, count(*) AS n FROM heads GROUP BY d)
                    SELECT array_agg(j.id ORDER BY j.heat DESC, j.id) INTO found_ids FROM shares s CROSS JOIN LATERAL (
                        SELECT heat, id FROM freshet_jobs WHERE state = 0 AND dataset = s.d AND priority = level
                        ORDER BY heat DESC, id LIMIT s.n FOR UPDATE SKIP LOCKED) j;
                    chosen := chosen || coalesce(found_ids, '{}');
                END LOOP;
            END IF;
            IF cardinality(chosen) = 0 THEN RETURN; END IF;
            PERFORM set_config('synchronous_commit', 'off', true);
            base := freshet_now();
            RETURN QUERY UPDATE freshet_jobs j
                SET state = 2, attempts = attempts + 1, fence = greatest(fence + 1, base + c.n), lease_until = now_us + span
                FROM unnest(chosen) WITH ORDINALITY c(id, n) WHERE j.id = c.id RETURNING j.*;
        END $$;

        """

    /// Shared limits: a sliding log and an even pace under a row lock for each count, by the server's clock.
    ///
    /// Nothing waits for the disk. What a crash of the server forgets are calls of its last moments; the first call after a
    /// start therefore takes as many slots as could have been taken in that time at the permitted pace.
    static let limitFunctions = """
        CREATE FUNCTION freshet_limit_lock(names text[]) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            found_rows bigint;
        BEGIN
            PERFORM set_config('synchronous_commit', 'off', true);
            PERFORM 1 FROM freshet_limits WHERE name = ANY (names) ORDER BY name FOR UPDATE;
            GET DIAGNOSTICS found_rows = ROW_COUNT;
            IF found_rows < (SELECT count(DISTINCT n) FROM unnest(names) n) THEN
                -- A new count is written to disk, so that a crash can be told from the first call ever.
                PERFORM set_config('synchronous_commit', 'on', true);
                INSERT INTO freshet_limits (name, server_start)
                    SELECT DISTINCT n, pg_postmaster_start_time() FROM unnest(names) n ORDER BY n
                    ON CONFLICT DO NOTHING;
                PERFORM 1 FROM freshet_limits WHERE name = ANY (names) ORDER BY name FOR UPDATE;
            END IF;
        END $$;

        CREATE FUNCTION freshet_take(
            names text[], pers bigint[], capacities bigint[], intervals bigint[], tolerances bigint[], call_name text,
            hold bigint, OUT wait bigint, OUT blocked text)
        LANGUAGE plpgsql AS $$
        DECLARE
            now_us bigint;
            row_ freshet_limits;
            freed bigint;
            lost bigint;
            needed bigint;
            at_us bigint;
        BEGIN
            PERFORM freshet_limit_lock(names);
            now_us := freshet_now();
            IF EXISTS (SELECT 1 FROM freshet_slots WHERE name = names[1] AND call = call_name AND held_until > now_us) THEN
                RETURN; -- it has them already
            END IF;
            FOR i IN 1..cardinality(names) LOOP
                SELECT * INTO row_ FROM freshet_limits WHERE name = names[i];
                IF row_.server_start <> pg_postmaster_start_time() THEN
                    lost := least(capacities[i], 1 + (tolerances[i]
                        + (3000 * extract(epoch FROM current_setting('wal_writer_delay')::interval) * 1000)::bigint)
                        / greatest(intervals[i], 1));
                    INSERT INTO freshet_slots VALUES (names[i], 'lost ' || gen_random_uuid(), lost, now_us + hold, false);
                    UPDATE freshet_limits SET used = used + lost, server_start = pg_postmaster_start_time()
                        WHERE name = names[i];
                END IF;
                WITH gone AS (DELETE FROM freshet_slots WHERE name = names[i] AND held_until <= now_us RETURNING slots)
                SELECT sum(slots) INTO freed FROM gone;
                IF freed > 0 THEN UPDATE freshet_limits SET used = used - freed WHERE name = names[i]; END IF;
                SELECT * INTO row_ FROM freshet_limits WHERE name = names[i];
                at_us := row_.due - tolerances[i];
                needed := row_.used + 1 - capacities[i];
                IF needed > 0 THEN
                    -- A slot of a call under way comes back a window after its answer: not before now + window.
                    SELECT greatest(at_us, coalesce(min(r.release), now_us + pers[i])) INTO at_us FROM (
                        SELECT s.release, sum(s.slots) OVER (ORDER BY s.release ROWS UNBOUNDED PRECEDING) AS total FROM (
                            (SELECT held_until AS release, slots FROM freshet_slots
                                WHERE name = names[i] AND settled ORDER BY held_until LIMIT needed)
                            UNION ALL
                            SELECT least(held_until, now_us + pers[i]), slots FROM freshet_slots
                                WHERE name = names[i] AND NOT settled) s) r
                        WHERE r.total >= needed;
                    at_us := greatest(at_us, now_us + 1);
                END IF;
                IF at_us > now_us AND at_us - now_us > coalesce(wait, 0) THEN
                    wait := at_us - now_us;
                    blocked := names[i];
                END IF;
            END LOOP;
            IF wait IS NOT NULL THEN RETURN; END IF;
            INSERT INTO freshet_slots SELECT n, call_name, 1, now_us + hold, false FROM unnest(names) n
                ON CONFLICT (name, call) DO NOTHING;
            UPDATE freshet_limits l SET used = used + 1, due = greatest(due, now_us) + c.i
                FROM unnest(names, intervals) c(n, i) WHERE l.name = c.n;
        END $$;

        CREATE FUNCTION freshet_settle(names text[], calls text[], pers bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            now_us bigint;
        BEGIN
            PERFORM freshet_limit_lock(names);
            now_us := freshet_now();
            -- A call whose slot is not known was granted before a crash: it counts all the same.
            WITH known AS (
                UPDATE freshet_slots s SET held_until = now_us + c.p, settled = true
                FROM unnest(names, calls, pers) c(n, k, p) WHERE s.name = c.n AND s.call = c.k RETURNING s.name, s.call),
            added AS (
                INSERT INTO freshet_slots
                SELECT c.n, c.k, 1, now_us + c.p, true FROM unnest(names, calls, pers) c(n, k, p)
                WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.name = c.n AND known.call = c.k)
                ON CONFLICT (name, call) DO NOTHING RETURNING name)
            UPDATE freshet_limits l SET used = used + a.n
                FROM (SELECT name, count(*) AS n FROM added GROUP BY name) a WHERE l.name = a.name;
        END $$;

        CREATE FUNCTION freshet_refund(names text[], calls text[], intervals bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM freshet_limit_lock(names);
            WITH gone AS (
                DELETE FROM freshet_slots s USING unnest(names, calls, intervals) c(n, k, i)
                WHERE s.name = c.n AND s.call = c.k RETURNING s.name, s.slots, c.i)
            UPDATE freshet_limits l SET used = used - g.slots, due = due - g.pace
                FROM (SELECT name, sum(slots) AS slots, sum(i) AS pace FROM gone GROUP BY name) g WHERE l.name = g.name;
        END $$;

        CREATE FUNCTION freshet_adopt(names text[], counts bigint[], afters bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            now_us bigint;
        BEGIN
            PERFORM freshet_limit_lock(names);
            now_us := freshet_now();
            INSERT INTO freshet_slots SELECT c.n, 'adopted ' || gen_random_uuid(), c.s, now_us + c.a, true
                FROM unnest(names, counts, afters) c(n, s, a) WHERE c.s > 0;
            UPDATE freshet_limits l SET used = used + c.s
                FROM (SELECT n, sum(s) AS s FROM unnest(names, counts) u(n, s) WHERE s > 0 GROUP BY n) c
                WHERE l.name = c.n;
        END $$;
        """
}
