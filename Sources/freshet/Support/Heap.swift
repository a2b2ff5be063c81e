#if canImport(Glibc)
    import Glibc

    /// Settings of the C library's memory allocator.
    enum Heap {
        /// Lets threads share as many heaps as there are processors, not eight times as many.
        ///
        /// Documents come in on many short-lived threads and stay. With a heap for nearly every thread, what one has
        /// freed helps no other: 100,000 documents of 2 KB took some 45 MB more. To be called before threads start.
        static func limitArenas() {
            // Swift's view of glibc lacks `mallopt`. Where there is none, nothing is to be limited.
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
            let arenaMax: CInt = -8
            _ = mallopt(arenaMax, CInt(max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN)))))
        }
    }
#else
    /// Settings of the C library's memory allocator; other libraries have one heap for all threads.
    enum Heap {
        static func limitArenas() {}
    }
#endif
