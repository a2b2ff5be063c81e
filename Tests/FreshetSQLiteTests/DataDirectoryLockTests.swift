import Foundation
import FreshetCore
import FreshetSQLite
import Testing

@Suite struct DataDirectoryLockTests {
    @Test func `the second taker is told who the first is and where it serves`() throws {
        let scratch = try Scratch()
        #expect(DataDirectoryLock.holder(directory: scratch.path) == nil)
        let lock = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        let quiet = DataDirectoryLock.Holder(pid: getpid(), url: nil, startedAt: "2023-11-14T22:13:20Z")
        #expect(DataDirectoryLock.holder(directory: scratch.path) == quiet)
        lock.publish(url: "http://127.0.0.1:8080")
        var serving = quiet
        serving.url = "http://127.0.0.1:8080"
        #expect(DataDirectoryLock.holder(directory: scratch.path) == serving)
        let error = #expect(throws: LockHeld.self) {
            try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        }
        #expect(error == .held(directory: scratch.path, by: serving))
        #expect(error?.description.contains("process \(getpid()), which serves http://127.0.0.1:8080") == true)
        lock.release()
        lock.release()
        #expect(DataDirectoryLock.holder(directory: scratch.path) == nil)
        let next = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        #expect(DataDirectoryLock.holder(directory: scratch.path) == quiet, "nothing of the old holder is left")
        next.release()
    }

    @Test func `the file is one line of JSON`() throws {
        let scratch = try Scratch()
        let lock = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        lock.publish(url: "http://127.0.0.1:65535/a/rather/long/path")
        lock.publish(url: "http://[::1]:1")
        let text = try String(contentsOfFile: scratch.path + "/freshet.lock", encoding: .utf8)
        let wanted = #"{"pid":\#(getpid()),"started_at":"2023-11-14T22:13:20Z","url":"http://[::1]:1"}"# + "\n"
        #expect(text == wanted)
        lock.release()
    }

    @Test func `the lock goes with the last reference`() throws {
        let scratch = try Scratch()
        do {
            let lock = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
            #expect(DataDirectoryLock.holder(directory: scratch.path) != nil)
            withExtendedLifetime(lock) {}
        }
        #expect(DataDirectoryLock.holder(directory: scratch.path) == nil)
    }

    @Test func `a lock file that was left behind does not lock`() throws {
        let scratch = try Scratch()
        let stale = #"{"pid":1,"started_at":"2020-01-01T00:00:00Z","url":"http://127.0.0.1:1"}"#
        try stale.write(toFile: scratch.path + "/freshet.lock", atomically: true, encoding: .utf8)
        #expect(DataDirectoryLock.holder(directory: scratch.path) == nil)
        let lock = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        lock.release()
    }

    @Test func `a missing directory is made, an impossible one is unusable`() throws {
        let scratch = try Scratch()
        let lock = try DataDirectoryLock.acquire(directory: scratch.path + "/new/deep", now: moment)
        lock.release()
        let error = #expect(throws: LockHeld.self) {
            try DataDirectoryLock.acquire(directory: scratch.path + "/new/deep/freshet.lock/x", now: moment)
        }
        guard case .unusable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a process that is killed gives the lock back`() async throws {
        let scratch = try Scratch()
        // The shell holds the lock on a descriptor that it inherits to nobody, until it is killed.
        let file = scratch.path + "/freshet.lock"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec 9>>'\(file)'; flock -x 9 || exit 3; echo held; exec cat"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData
        #expect(String(decoding: line, as: UTF8.self) == "held\n")
        let error = #expect(throws: LockHeld.self) {
            try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        }
        #expect(error == .held(directory: scratch.path, by: nil), "a holder that says nothing of itself")
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let lock = try DataDirectoryLock.acquire(directory: scratch.path, now: moment)
        lock.release()
        try input.fileHandleForWriting.close()
    }
}
