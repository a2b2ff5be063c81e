import HTTPTypes

/// Whether a request without a token comes from a program on this machine, and not from a page in its browser.
///
/// A web page can make a browser send requests to loopback. Such a request names the page's site: in `Origin` or
/// `Sec-Fetch-Site`, or, when the page's name was pointed at loopback (DNS rebinding), in `Host`.
enum LoopbackTrust {
    static func accepts(_ exchange: Exchange) -> Bool {
        guard exchange.client.isLoopback, isLocal(exchange.authority) else { return false }
        if let site = exchange.headers[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = exchange.headers[.origin] else { return true }
        return origin == "http://" + exchange.authority || origin == "https://" + exchange.authority
    }

    /// Whether a `Host` is an address or `localhost`, with or without a port; empty is HTTP/1.0's way.
    static func isLocal(_ authority: String) -> Bool {
        if authority.isEmpty { return true }
        if authority.hasPrefix("[") { return true }
        let name = authority.prefix { $0 != ":" }
        if name.lowercased() == "localhost" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
