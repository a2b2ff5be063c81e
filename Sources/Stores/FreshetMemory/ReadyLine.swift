import FreshetCore

/// The ready jobs of one dataset and priority: hottest first, then by age.
struct ReadyLine {
    struct Place {
        var heat: Int
        var id: Int64
        var notBefore: Timestamp
    }

    private var places: [Place] = []

    var isEmpty: Bool { places.isEmpty }
    var first: Place? { places.first }
    var oldest: Place? { places.min { ($0.notBefore, $0.id) < ($1.notBefore, $1.id) } }

    mutating func insert(_ job: RefreshJob) {
        places.insert(Place(heat: job.heat, id: job.id, notBefore: job.notBefore), at: index(of: job))
    }

    mutating func remove(_ job: RefreshJob) {
        let index = index(of: job)
        if index < places.count, places[index].id == job.id { places.remove(at: index) }
    }

    /// Where a job stands or would stand (binary search).
    private func index(of job: RefreshJob) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            let place = places[middle]
            if (-place.heat, place.id) < (-job.heat, job.id) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
