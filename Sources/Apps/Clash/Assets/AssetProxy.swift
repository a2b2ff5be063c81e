import FreshetCore

/// Passes the game's images on: from one host, under a budget, at most so many bytes, without following redirects.
struct AssetProxy: Sendable {
    let options: ClashOptions
    let cache: AssetCache

    /// Answers `?url=`.
    func answer(_ request: AppRequest) async -> AppReply {
        guard let text = request.parameter("url"), let path = path(of: text) else {
            return .problem(
                400, "Not an image of the game.", "Write ?url=https://\(options.assetsHost)/… and nothing else.")
        }
        let services = request.services
        if let asset = cache.asset(path, now: services.clock.monotonic()) { return reply(asset) }
        guard let source = services.configuration.source(ClashSource.assets) else {
            return .problem(501, "No images.", "The source \(ClashSource.assets) is not declared.")
        }
        let pass = PassRequest(source: source, method: "GET", path: path, headers: [("accept", "image/*")], body: [])
        switch await services.pass(pass, nil) {
        case .answer(let status, let headers, let body):
            let type = headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
            guard status == 200 else {
                // A redirect leads elsewhere: it is neither followed nor passed on.
                return (400..<600).contains(status)
                    ? .problem(status, "No image.", "The image's host answered \(status).")
                    : .problem(502, "No image.", "The image's host answered \(status), which is not passed on.")
            }
            guard type.lowercased().hasPrefix("image/"), !type.lowercased().hasPrefix("image/svg") else {
                return .problem(502, "No image.", "The image's host gave something that is no image.")
            }
            let asset = AssetCache.Asset(type: type, bytes: body)
            cache.keep(asset, as: path, now: services.clock.monotonic())
            return reply(asset)
        case .failed(let failure):
            return .problem(502, "No image.", "The image could not be fetched: \(failure.kind).")
        case .denied:
            return .problem(503, "No image now.", "The budget for images is used up.", retryAfter: 2)
        }
    }

    /// The path and query below the host; `nil` for an address of any other host, scheme or port.
    private func path(of url: String) -> String? {
        let prefix = "https://\(options.assetsHost)/"
        guard url.utf8.count <= 1_024, url.lowercased().hasPrefix(prefix) else { return nil }
        let path = url.dropFirst(prefix.count - 1)
        let isPlain = path.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#")
        }
        let climbs = path.split(separator: "/").contains { $0 == ".." || $0.lowercased().contains("%2e") }
        return isPlain && !climbs ? String(path) : nil
    }

    private func reply(_ asset: AssetCache.Asset) -> AppReply {
        AppReply(
            200, type: asset.type,
            headers: [("Cache-Control", "public, max-age=3600"), ("X-Content-Type-Options", "nosniff")],
            body: asset.bytes)
    }
}
