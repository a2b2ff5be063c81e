import FreshetCore
import Logging

/// Turns stale reads into refreshes, and reads into heat, in batches off the read road.
struct DemandLoop: Sendable {
    /// How often counted reads are written: they only order refreshes and say which keys are tracked, and each costs a row.
    static let recordEvery = Duration.seconds(30)
    /// Reads that one write takes: whoever waits for the writer, waits for a few milliseconds at most.
    static let recordPortion = 500

    let context: EngineContext
    let mailbox: Mailbox<DocumentID>
    let enqueue: @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]

    /// Enqueues stale reads as they come, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await recordReads() }
            while !Task.isCancelled {
                await mailbox.wakeup.wait(until: nil, clock: context.clock)
                await enqueueStale()
            }
        }
        await recordReadsOnce()
    }

    private func enqueueStale() async {
        let wanted = Array(mailbox.takeAll())
        guard !wanted.isEmpty, context.configuration.queue.autoRefresh else { return }
        let requests = wanted.compactMap { id -> EnqueueRequest? in
            guard let dataset = context.configuration.dataset(id.dataset) else { return nil }
            return EnqueueRequest(
                document: id, priority: dataset.priority, cause: "read", heat: context.catalog.reads(of: id))
        }
        do {
            _ = try await enqueue(await context.weighed(requests))
        } catch {
            // Nothing is lost: the catalog reports a stale document again as long as it is read.
            context.storeFailed(error, while: "enqueueing \(requests.count) stale reads", metadata: [:])
        }
    }

    private func recordReads() async {
        while !Task.isCancelled {
            try? await context.clock.sleep(for: DemandLoop.recordEvery)
            await recordReadsOnce()
        }
    }

    private func recordReadsOnce() async {
        var rest = context.catalog.drainReads()[...]
        context.noteReads(Array(rest))
        while !rest.isEmpty {
            do {
                try await context.store.recordReads(Array(rest.prefix(DemandLoop.recordPortion)))
            } catch {
                // What could not be written is lost; it is only an order. A closed store would refuse the others too.
                return context.storeFailed(error, while: "recording reads", metadata: [:])
            }
            rest = rest.dropFirst(DemandLoop.recordPortion)
        }
    }
}
