import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Reads the errors of the network stack as failures with a stable kind.
///
/// Texts are ours: the stack's own descriptions may quote header values and so credentials.
enum TransportErrors {
    static func failure(for error: any Error, head: TransportHead?) -> TransportFailure {
        if let failure = error as? TransportFailure { return failure }
        if Task.isCancelled || error is CancellationError {
            return TransportFailure(.cancelled, "the call was cancelled", head: head)
        }
        if let error = error as? HTTPClientError, let failure = classify(error, head: head) { return failure }
        if let error = error as? NIOConnectionError { return classify(error) }
        if head != nil {
            return TransportFailure(.truncated, "the connection broke inside the body\(code(of: error))", head: head)
        }
        if let error = error as? HTTPParserError {
            return error == .invalidEOFState
                ? TransportFailure(.reset, "the connection was closed inside the head of the answer")
                : TransportFailure(.protocol, "the answer is not valid HTTP")
        }
        if isTLS(error) { return TransportFailure(.tls, "the TLS handshake failed (\(name(of: error)))") }
        if let error = error as? IOError { return classify(error) }
        if error is ChannelError {
            return TransportFailure(.connect, "no connection could be made (\(name(of: error)))")
        }
        return TransportFailure(.reset, "the connection broke before an answer (\(name(of: error)))")
    }

    private static func classify(_ error: HTTPClientError, head: TransportHead?) -> TransportFailure? {
        switch error {
        case .cancelled, .alreadyShutdown: TransportFailure(.cancelled, "the client was closed", head: head)
        case .connectTimeout: TransportFailure(.connect, "no connection within the connect timeout")
        case .tlsHandshakeTimeout: TransportFailure(.tls, "the TLS handshake did not end in time")
        case .remoteConnectionClosed, .uncleanShutdown:
            head == nil
                ? TransportFailure(.reset, "the connection was closed before an answer")
                : TransportFailure(.truncated, "the connection was closed inside the body", head: head)
        case .invalidURL, .emptyHost, .emptyScheme, .traceRequestWithBody:
            TransportFailure(.badRequest, "the request cannot be sent: \(error.shortDescription)")
        default:
            // Cases with values, such as the header that is invalid, compare by value; the short text never quotes
            // them.
            error.shortDescription.hasPrefix("Invalid header")
                ? TransportFailure(
                    .badRequest, "a header or the key has a character that HTTP does not allow, such as a line break")
                : nil
        }
    }

    private static func classify(_ error: NIOConnectionError) -> TransportFailure {
        if let first = error.connectionErrors.first {
            return TransportFailure(.connect, "no connection to port \(error.port)\(code(of: first.error))")
        }
        if error.dnsAError != nil || error.dnsAAAAError != nil {
            return TransportFailure(.dns, "the host name could not be resolved")
        }
        return TransportFailure(.connect, "no connection to port \(error.port)")
    }

    private static func classify(_ error: IOError) -> TransportFailure {
        switch error.errnoCode {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EMFILE, ENFILE:
            TransportFailure(.connect, "no connection could be made\(code(of: error))")
        default:
            TransportFailure(.reset, "the connection broke before an answer\(code(of: error))")
        }
    }

    /// NIOSSL is not a dependency of ours; its errors are told by the module that declares them.
    private static func isTLS(_ error: any Error) -> Bool {
        String(reflecting: type(of: error)).hasPrefix("NIOSSL.")
    }

    private static func name(of error: any Error) -> String { String(describing: type(of: error)) }

    private static func code(of error: any Error) -> String {
        (error as? IOError).map { " (errno \($0.errnoCode))" } ?? ""
    }
}
