/// Names that stand before a parenthesis in a query.
enum SQLNames {
    /// Key words behind which a parenthesis is no call, and behind which a name is no alias.
    static let keywords = set(
        """
        all and any array as asc at between both by case cast collate cross cube current default desc distinct else end
        escape except exclude exists extract false fetch filter first following for from full group grouping groups
        having ilike in inner intersect interval is isnull join last lateral leading left like limit materialized
        natural next not notnull null nulls of offset on only or order ordinality others outer over overlaps partition
        preceding range recursive right rollup row rows select sets similar some symmetric table tablesample then ties
        to trailing true unbounded union unique using values when where window with within without zone
        """)

    /// Types that take a length or a precision.
    static let types = set(
        """
        bit bpchar char character dec decimal float interval numeric time timestamp timestamptz timetz varbit varchar
        varying nchar
        """)

    /// What a query may call: functions whose answer follows from their arguments, the clock and chance.
    static let functions = set(
        """
        abs acos acosd acosh age array_agg array_append array_cat array_dims array_length array_lower array_ndims
        array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string array_upper
        ascii asin asind asinh atan atan2 atan2d atand atanh avg bit_and bit_count bit_length bit_or bit_xor bool_and
        bool_or btrim cardinality cbrt ceil ceiling char_length character_length chr clock_timestamp coalesce concat
        concat_ws convert_from convert_to corr cos cosd cosh cot cotd count covar_pop covar_samp cume_dist date_bin
        date_part date_trunc decode degrees dense_rank div encode every exp extract factorial first_value floor 
        gcd gen_random_uuid generate_series generate_subscripts get_bit get_byte greatest grouping initcap isfinite
        json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
        json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys
        json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_agg jsonb_array_elements
        jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
        jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys
        jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty
        jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof justify_days
        justify_hours justify_interval lag last_value lcm lead least left length ln log log10 lower  ltrim make_date
        make_interval make_time make_timestamp make_timestamptz max md5 min min_scale mod mode normalize now nth_value
        ntile nullif num_nonnulls num_nulls octet_length overlay parse_ident percent_rank percentile_cont
        percentile_disc pg_column_size pg_typeof pi position power quote_ident quote_literal quote_nullable radians
        random rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
        regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2
        regr_slope regr_sxx regr_sxy regr_syy  replace reverse right round row row_number row_to_json  rtrim
        scale set_bit set_byte sha224 sha256 sha384 sha512 sign sin sind sinh split_part sqrt starts_with
        statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strpos substr
        substring sum tan tand tanh timeofday to_char to_date to_hex to_json to_jsonb to_number to_timestamp
        transaction_timestamp translate trim trim_array trim_scale trunc unistr unnest upper var_pop var_samp variance
        width_bucket
        """)

    /// Whether a function of that name reaches beyond its arguments, so that it must not even look like a list of columns.
    static func isReaching(_ name: String) -> Bool {
        let prefixes = [
            "pg_", "lo_", "dblink", "binary_upgrade", "has_", "txid_", "inet_", "query_to", "cursor_to", "table_to",
            "schema_to", "database_to", "to_reg", "current", "brin_", "gin_", "ts_",
        ]
        return prefixes.contains { name.hasPrefix($0) }
            || ["loread", "lowrite", "set_config", "lastval", "nextval", "setval", "version"].contains(name)
    }

    private static func set(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
