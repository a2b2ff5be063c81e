import NIOCore
import NIOHTTP1
import Synchronization

/// Plays three calls of the GitHub REST API: `/repos/{owner}/{repo}`, `/users/{login}` and
/// `/repos/{owner}/{repo}/issues?page=N&per_page=M` with its `Link` header.
///
/// Every well-formed name exists but those that begin with `missing`. Answers carry `X-RateLimit-*` headers that count each
/// key's calls in a fixed hour, as the true API does.
public struct GitHubGenerator: MockHandler {
    private let world: ClashWorld
    private let changeEvery: Duration
    private let callsPerHour: Int
    private let unix: @Sendable () -> Duration
    private let cache = BodyCache(capacity: 32_000_000)
    private let hours = Hours()

    private final class Hours: Sendable {
        let used = Mutex<[String: (hour: Int64, calls: Int)]>([:])
    }

    /// Creates a world.
    ///
    /// - Parameters:
    ///   - seed: Another seed, another world.
    ///   - changeEvery: The length of one step of time, above zero; stars and issues move with it.
    ///   - callsPerHour: What `X-RateLimit-Limit` says, at least 1. It is only told; declare a limit to enforce one.
    ///   - clock: Its wall clock says which step it is.
    public init(
        seed: UInt64 = 1, changeEvery: Duration = .seconds(60), callsPerHour: Int = 5_000, clock: MockClock = .system
    ) {
        precondition(changeEvery > .zero, "changeEvery must be above zero")
        world = ClashWorld(seed: seed)
        self.changeEvery = changeEvery
        self.callsPerHour = callsPerHour
        unix = clock.unix
    }

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse {
        let parts = request.segments
        guard request.method == "GET" || request.method == "HEAD", parts.count >= 2,
            parts.dropFirst().allSatisfy(Self.isName)
        else { return withQuota(failure(.status(404)), request) }
        let step = Int64(unix().asSeconds / changeEvery.asSeconds)
        switch (parts[0], parts.count) {
        case ("users", 2): return withQuota(cached(request, step) { user(parts[1], request.origin) }, request)
        case ("repos", 3):
            return withQuota(cached(request, step) { repository(parts[1], parts[2], step, request.origin) }, request)
        case ("repos", 4) where parts[3] == "issues":
            return withQuota(issues(parts[1], parts[2], step, request), request)
        default: return withQuota(failure(.status(404)), request)
        }
    }

    /// The errors of the true API.
    public func failure(_ failure: MockFailure) -> MockResponse {
        let (status, message): (Int, String) =
            switch failure {
            case .status(let status): (status, MockStatus.reason(status))
            case .keyRefused: (401, "Bad credentials")
            case .rateLimited: (429, "API rate limit exceeded. Please wait before you try again.")
            case .maintenance: (503, "Service Unavailable")
            case .insideSuccess: (200, "Something went wrong while executing your query.")
            }
        let link: MockJSON = "https://docs.github.com/rest"
        return .json(
            ["message": .string(message), "documentation_url": link, "status": .string("\(status)")], status: status)
    }

    /// `/repos/{owner}/{repo}` and so on.
    public func endpoint(of path: Substring) -> String? {
        let parts = Target.segments(path)
        switch (parts.first, parts.count) {
        case ("users", 2): return "/users/{login}"
        case ("repos", 3): return "/repos/{owner}/{repo}"
        case ("repos", 4): return "/repos/{owner}/{repo}/\(parts[3])"
        default: return nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.hasPrefix("missing") && text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                    || Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
            }
    }

    private func cached(_ request: MockRequest, _ step: Int64, _ make: () -> MockJSON) -> MockResponse {
        var response = MockResponse.json(cache.body("\(step) \(request.origin)\(request.path)", make: make))
        response.headers.add(name: "cache-control", value: "private, max-age=60, s-maxage=60")
        response.headers.add(name: "x-github-media-type", value: "github.v3; format=json")
        return response
    }

    private func withQuota(_ response: MockResponse, _ request: MockRequest) -> MockResponse {
        let now = unix().components.seconds
        let hour = now / 3_600
        let used = hours.used.withLock { used in
            if used.count >= 10_000 { used = [:] }
            let before = used[request.key ?? ""]
            let calls = before?.hour == hour ? (before?.calls ?? 0) + 1 : 1
            used[request.key ?? ""] = (hour, calls)
            return calls
        }
        var response = response
        response.headers.replaceOrAdd(name: "x-ratelimit-limit", value: "\(callsPerHour)")
        response.headers.replaceOrAdd(name: "x-ratelimit-remaining", value: "\(max(0, callsPerHour - used))")
        response.headers.replaceOrAdd(name: "x-ratelimit-used", value: "\(used)")
        response.headers.replaceOrAdd(name: "x-ratelimit-reset", value: "\((hour + 1) * 3_600)")
        response.headers.replaceOrAdd(name: "x-ratelimit-resource", value: "core")
        return response
    }

    // MARK: Documents

    private func id(_ name: String) -> Int64 { Int64(Mixer.hash(name.lowercased(), seed: 5) % 900_000_000) + 1_000 }

    private func moment(_ number: Int64, _ field: String) -> MockJSON {
        .string(CivilTime(unixSeconds: Int64(1_300_000_000 + world.constant(number, field, 0...400_000_000))).rfc3339)
    }

    private func owner(_ login: String, _ origin: String) -> [MockJSON.Member] {
        let url = "\(origin)/users/\(login)"
        return [
            .init("login", .string(login)), .init("id", .int(Int(id(login)))),
            .init("node_id", .string(Mixer.hex(UInt64(id(login))))),
            .init("avatar_url", "https://avatars.githubusercontent.com/u/\(id(login))?v=4"), .init("gravatar_id", ""),
            .init("url", .string(url)), .init("html_url", "https://github.com/\(login)"),
            .init("followers_url", "\(url)/followers"), .init("following_url", "\(url)/following{/other_user}"),
            .init("organizations_url", "\(url)/orgs"), .init("repos_url", "\(url)/repos"),
            .init("events_url", "\(url)/events{/privacy}"), .init("type", "User"), .init("site_admin", false),
        ]
    }

    private func user(_ login: String, _ origin: String) -> MockJSON {
        let number = id(login)
        return .object(
            owner(login, origin) + [
                .init("name", .string(world.name(number))), .init("company", nil), .init("blog", ""),
                .init("location", nil),
                .init("email", nil), .init("hireable", nil), .init("bio", "Writes \"software\"."),
                .init("public_repos", .int(world.constant(number, "repos", 0...300))),
                .init("public_gists", .int(world.constant(number, "gists", 0...50))),
                .init("followers", .int(world.constant(number, "followers", 0...9_000))),
                .init("following", .int(world.constant(number, "following", 0...400))),
                .init("created_at", moment(number, "created")), .init("updated_at", moment(number, "updated")),
            ])
    }

    private func repository(_ login: String, _ name: String, _ step: Int64, _ origin: String) -> MockJSON {
        let full = "\(login)/\(name)"
        let number = id(full)
        let url = "\(origin)/repos/\(full)"
        let stars =
            world.constant(number, "stars", 0...20_000) + Int(step % 10_000) * world.constant(number, "fame", 0...2)
        let issues = issueCount(login, name, step)
        var fields: [MockJSON.Member] = [
            .init("id", .int(Int(number))), .init("node_id", .string(Mixer.hex(UInt64(number)))),
            .init("name", .string(name)),
            .init("full_name", .string(full)), .init("private", false), .init("owner", .object(owner(login, origin))),
            .init("html_url", "https://github.com/\(full)"), .init("description", "The \(name) of \(login)"),
            .init("fork", false),
            .init("url", .string(url)),
        ]
        for part in [
            "forks", "keys{/key_id}", "collaborators{/collaborator}", "teams", "hooks", "events", "tags", "languages",
            "stargazers", "contributors", "subscribers", "commits{/sha}", "comments{/number}", "contents/{+path}",
            "merges",
            "issues{/number}", "pulls{/number}", "milestones{/number}", "labels{/name}", "releases{/id}", "deployments",
        ] {
            let label = part.prefix { $0.isLetter }
            fields.append(.init("\(label)_url", "\(url)/\(part)"))
        }
        fields += [
            .init("created_at", moment(number, "created")), .init("updated_at", moment(number, "updated")),
            .init("pushed_at", moment(number, "pushed")), .init("clone_url", "https://github.com/\(full).git"),
            .init("homepage", nil), .init("size", .int(world.constant(number, "size", 1...90_000))),
            .init("stargazers_count", .int(stars)), .init("watchers_count", .int(stars)), .init("language", "Swift"),
            .init("has_issues", true), .init("has_wiki", true), .init("archived", false), .init("disabled", false),
            .init("forks_count", .int(world.constant(number, "forks", 0...3_000))),
            .init("open_issues_count", .int(issues)),
            .init("license", ["key": "mit", "name": "MIT License", "spdx_id": "MIT"]),
            .init("topics", ["swift", "linux"]),
            .init("visibility", "public"), .init("forks", .int(world.constant(number, "forks", 0...3_000))),
            .init("open_issues", .int(issues)), .init("watchers", .int(stars)), .init("default_branch", "main"),
            .init("network_count", .int(world.constant(number, "forks", 0...3_000))),
            .init("subscribers_count", .int(world.constant(number, "subscribers", 0...500))),
        ]
        return .object(fields)
    }

    private func issueCount(_ login: String, _ name: String, _ step: Int64) -> Int {
        world.constant(id("\(login)/\(name)"), "issues", 0...250) + Int(step % 50)
    }

    private func issues(_ login: String, _ name: String, _ step: Int64, _ request: MockRequest) -> MockResponse {
        let size = min(max(request.integer("per_page") ?? 30, 1), 100)
        let page = max(request.integer("page") ?? 1, 1)
        let total = issueCount(login, name, step)
        let last = max(1, (total + size - 1) / size)
        let url = "\(request.origin)/repos/\(login)/\(name)/issues"
        let numbers = stride(from: total - (page - 1) * size, to: max(0, total - page * size), by: -1)
        let body = cache.body("\(step) \(url) \(page) \(size)") {
            .array(numbers.map { issue($0, login, name, request.origin) })
        }
        var response = MockResponse.json(body)
        if let link = PageLinks(url: url, page: page, last: last, size: size, sizeName: "per_page").header {
            response.headers.add(name: "link", value: link)
        }
        return response
    }

    private func issue(_ number: Int, _ login: String, _ name: String, _ origin: String) -> MockJSON {
        let key = id("\(login)/\(name)#\(number)")
        let url = "\(origin)/repos/\(login)/\(name)/issues/\(number)"
        return [
            "url": .string(url), "html_url": "https://github.com/\(login)/\(name)/issues/\(number)",
            "id": .int(Int(key)),
            "number": .int(number), "title": "Issue \(number): \(world.name(key))",
            "user": .object(owner("user\(key % 500)", origin)),
            "labels": [
                [
                    "id": 1, "name": .string(world.pick(key, "label", ["bug", "help wanted", "docs"])),
                    "color": "d73a4a",
                ]
            ],
            "state": "open", "locked": false, "assignee": nil, "milestone": nil,
            "comments": .int(world.constant(key, "comments", 0...40)), "created_at": moment(key, "created"),
            "updated_at": moment(key, "updated"), "closed_at": nil,
            "body": "It happens every time.\n\n1. Start\n2. Wait",
        ]
    }
}
