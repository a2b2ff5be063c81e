/// The file that `freshet init` writes.
public enum ConfigTemplate {
    /// A commented `freshet.yaml` that loads as it is and needs neither a key nor the internet.
    public static let initial = """
        # freshet.yaml: what Freshet keeps a copy of, and how often it may ask.
        #
        #   freshet mock clash --port 8090     an API to try it with, in a second terminal: no key, no internet
        #   freshet serve                      starts with this file
        #   freshet check                      reports every problem of this file at once
        #   curl -i http://127.0.0.1:8080/v1/clash/clan/UV0YR2Q8
        #
        # Every key: docs/reference/configuration.md, or "freshet schema config" for your editor.

        # The store, its lock and the discovery file. A relative path starts at the folder of this file.
        data_dir: ./data

        # sqlite is one file in data_dir; postgres://user@host/db serves many processes; memory forgets everything at exit.
        store: sqlite

        # Only this machine can connect until you write 0.0.0.0 here.
        server: { listen: "127.0.0.1:8080" }

        # Upstream APIs: where they are, who we are to them, and what they allow.
        sources:
          clash:
            # The built-in mock. The real one: https://api.clashofclans.com/v1
            base_url: ${env:CLASH_URL:-http://127.0.0.1:8090/v1}
            # Keys come from the environment or from .env beside this file. Two keys share the load.
            auth: { bearer: ["${env:COC_TOKEN_1:-mock-key-1}", "${env:COC_TOKEN_2:-mock-key-2}"] }
            # All limits hold at once, as the API's server counts them; also across restarts.
            limits:
              - { scope: key, calls: 20, per: PT1S }
              - { scope: ip, calls: 30, per: PT1S }
            # This share of every limit is kept for readers who wait now.
            reserve: 20%
            # What this API means by its errors. Your own rules: { status: 403, path: "$.reason", equals: x, then: park_key }
            errors: clash

        # Documents: each is answered at /v1/{source}/{name}/{key}.
        datasets:
          clash.clan:
            get: /clans/{tag}
            # #uv0, %23UV0 and UVO are the same clan.
            key: { tag: clash_tag }
            # Younger is fresh. Older is served all the same, marked stale, and refreshed behind the answer.
            max_age: PT10M
            # What somebody has read lately is refreshed without being asked.
            refresh: { every: PT30M, for: tracked }
            # Superseded versions, for /history and ?as_of=.
            history: { keep: P30D }
            # These change all the time; they are served, but make no history and no event.
            ignore_changes: ["$.memberList[*].donations", "$.memberList[*].donationsReceived"]

          clash.player:
            get: /players/{tag}
            key: { tag: clash_tag }
            max_age: PT10M

          clash.war:
            get: /clans/{tag}/currentwar
            key: { tag: clash_tag }
            max_age: PT2M

        # A public API that needs no key: remove the # to mirror the earthquakes of the last hour.
        #   (put the first block under sources:, the second under datasets:)
        #
        #  usgs:
        #    base_url: https://earthquake.usgs.gov/earthquakes/feed/v1.0
        #    limits: [{ scope: ip, calls: 10, per: PT1M }]
        #
        #  usgs.feed:
        #    get: /summary/{feed}.geojson
        #    max_age: PT1M
        #    ignore_changes: ["$.metadata.generated"]

        """
}
