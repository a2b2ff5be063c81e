import Synchronization

/// Remembers images for an hour.
final class AssetCache: Sendable {
    /// An image.
    struct Asset: Sendable {
        var type: String
        var bytes: [UInt8]
    }

    private struct State {
        var assets: [String: (asset: Asset, until: Duration)] = [:]
        var bytes = 0
    }

    /// How long an image is remembered.
    static let memory = Duration.seconds(3_600)
    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: Bytes kept at most.
    init(capacity: Int = 32 << 20) { self.capacity = capacity }

    /// The image of a path, if it was fetched within the hour.
    func asset(_ path: String, now: Duration) -> Asset? {
        state.withLock { state in
            guard let found = state.assets[path], found.until > now else { return nil }
            return found.asset
        }
    }

    /// Keeps an image; when there are too many bytes, all others are forgotten.
    func keep(_ asset: Asset, as path: String, now: Duration) {
        state.withLock { state in
            if state.bytes + asset.bytes.count > capacity { state = State() }
            let old = state.assets.updateValue((asset, now + Self.memory), forKey: path)
            state.bytes += asset.bytes.count - (old?.asset.bytes.count ?? 0)
        }
    }
}
