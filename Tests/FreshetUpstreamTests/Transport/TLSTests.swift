import Foundation
import FreshetCore
import NIOSSL
import Testing

@testable import FreshetUpstream

/// TLS with an authority that only its owner knows.
@Suite struct TLSTests {
    private static func context(_ certificate: String = TestAuthority.certificate) throws -> NIOSSLContext {
        let certificates = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(TestAuthority.key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key)))
    }

    private static func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "freshet-ca-\(UUID().uuidString).pem"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private static func fetch(_ base: String, caFile: String?) async throws -> FetchResult {
        let upstream = HTTPUpstream(clock: HandClock())
        var source = Samples.source(.bearer, base: base)
        source.tls.caFile = caFile
        let request = FetchRequest(source: source, dataset: try Samples.dataset(), key: "7")
        let result = await upstream.fetch(request, permits: CheckedPermits([Samples.key]))
        await upstream.close()
        return result
    }

    private static let answer = LoopbackServer.Action.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")

    @Test func `a source whose authority is named is fetched, any other is not`() async throws {
        let file = try Self.file(TestAuthority.authority)
        let empty = try Self.file("no certificate")
        try await LoopbackServer.run(tls: Self.context(), { _, _ in [Self.answer] }) { server async throws in
            let base = "https://127.0.0.1:\(server.port)"
            #expect(try await Self.fetch(base, caFile: file).text == "[]")
            #expect(try await Self.fetch(base, caFile: nil).word == "tls", "the system knows no such authority")
            #expect(try await Self.fetch(base, caFile: empty).word == "tls")
            #expect(try await Self.fetch(base, caFile: "/nowhere.pem").word == "tls")
            #expect(server.requests.count == 1, "no request, and so no key, went to a server that nobody vouches for")
        }
        for path in [file, empty] { try FileManager.default.removeItem(atPath: path) }
    }

    @Test func `a certificate for another name is refused although its authority is trusted`() async throws {
        let file = try Self.file(TestAuthority.authority)
        try await LoopbackServer.run(tls: Self.context(TestAuthority.foreign), { _, _ in [Self.answer] }) {
            server async throws in
            #expect(try await Self.fetch("https://127.0.0.1:\(server.port)", caFile: file).word == "tls")
            #expect(server.requests.isEmpty)
        }
        try FileManager.default.removeItem(atPath: file)
    }
}
