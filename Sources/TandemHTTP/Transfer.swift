import CCurl
import TandemBase
import TandemLoop

/// Hears what comes of a transfer. All calls come on the loop, `finished` exactly once unless it was cancelled.
@LoopActor
package protocol TransferDelegate: AnyObject {
    /// A piece of the response's body; the bytes are lent for the call. The status is known from the first one on.
    func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer)
    func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>)
}

/// Why a transfer ended without a whole response.
package struct TransferFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case connect, connectTimeout, tls, broken, malformed
    }
    package var kind: Kind
    /// libcurl's own words; holds a host and a port at most.
    package var message: String

    package var description: String { message }
}

/// One request to an endpoint and its response.
@LoopActor
package final class Transfer {
    private let endpoint: HTTPEndpoint
    private let client: HTTPClient
    /// Held until the transfer has ended, one way or the other.
    private var delegate: (any TransferDelegate)?
    /// libcurl does not copy the body: the array's storage is pinned by this object until the transfer ends, and
    /// nobody writes to it.
    private let body: [UInt8]
    private var easy: UnsafeMutableRawPointer?
    private var paused = false
    /// libcurl is done with it.
    private var isOver = false
    fileprivate(set) package var receivedBytes = 0
    /// The response's status; 0 before the first byte of its body or its end.
    package private(set) var status = 0

    init(endpoint: HTTPEndpoint, client: HTTPClient, body: [UInt8], delegate: any TransferDelegate) {
        self.endpoint = endpoint
        self.client = client
        self.body = body
        self.delegate = delegate
    }

    /// Whether the transfer may still call its delegate.
    package var isActive: Bool { easy != nil }

    func start() -> Bool {
        guard let easy = endpoint.takeHandle(forBody: body.count) else { return false }
        self.easy = easy
        ccurl_set_pointer(easy, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, Unmanaged.passUnretained(self).toOpaque())
        if endpoint.settings.method != "GET" {
            ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            setBody(body, of: easy)
        }
        client.add(self, easy)
        return true
    }

    /// Closes the transfer at once, its connection included unless others share it. The delegate hears no more.
    package func cancel() {
        delegate = nil
        end()
    }

    /// Back-pressure: no more bytes are taken from the upstream until `resume`.
    package func pause() { paused = true }

    package func resume() {
        guard paused, easy != nil else { return }
        paused = false
        client.unpause(self)
    }

    /// A header of the response; nil before it came or where there is none. Names in any case.
    package func header(_ name: String) -> String? {
        guard let easy else { return nil }
        var header: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(easy, name, 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK, let header
        else { return nil }
        return String(cString: header.pointee.value)
    }

    var handle: UnsafeMutableRawPointer? { easy }

    /// The write callback's work; returns what the callback has to.
    func receivedInCallback(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard easy != nil else { return Int(CURL_WRITEFUNC_ERROR) }
        if paused { return Int(CURL_WRITEFUNC_PAUSE) }
        if status == 0 { readStatus() }
        receivedBytes += bytes.count
        client.insideCallback { delegate?.transfer(self, received: bytes) }
        return bytes.count
    }

    func finished(_ code: CURLcode) {
        if status == 0 { readStatus() }
        let result: Result<Void, TransferFailure> =
            code == CURLE_OK ? .success(()) : .failure(failure(code))
        let delegate = self.delegate
        self.delegate = nil
        isOver = true
        delegate?.transfer(self, finished: result)
        end()
    }

    private func failure(_ code: CURLcode) -> TransferFailure {
        var failure = TransferFailure(code, connected: hasConnected)
        guard code == CURLE_PEER_FAILED_VERIFICATION, let easy else { return failure }
        var reason = 0
        ccurl_info_long(easy, CURLINFO_SSL_VERIFYRESULT, &reason)
        failure.message = certificateFault(reason)
        return failure
    }

    private func end() {
        guard let easy else { return }
        self.easy = nil
        if isOver { client.retire(self, easy, endpoint) } else { client.remove(self, easy, endpoint) }
    }

    private func readStatus() {
        guard let easy else { return }
        var value = 0
        ccurl_info_long(easy, CURLINFO_RESPONSE_CODE, &value)
        status = value
    }

    private var hasConnected: Bool {
        guard let easy else { return false }
        var microseconds: curl_off_t = 0
        ccurl_info_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }
}

private func setBody(_ body: [UInt8], of easy: UnsafeMutableRawPointer) {
    body.withUnsafeBytes { bytes in _ = ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress) }
}

extension TransferFailure {
    /// Sorts libcurl's codes (curl.se/libcurl/c/libcurl-errors.html) into what a caller can act on.
    init(_ code: CURLcode, connected: Bool) {
        message = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: kind = .connect
        case CURLE_OPERATION_TIMEDOUT: kind = connected ? .broken : .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            kind = .tls
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
            kind = .malformed
            message = "the server does not answer in HTTP"
        case CURLE_OUT_OF_MEMORY where connected:
            // What libcurl's own limit for the length of a header ends in.
            kind = .malformed
            message = "the headers of the server's answer are too large"
        case CURLE_BAD_CONTENT_ENCODING, CURLE_TOO_MANY_REDIRECTS, CURLE_URL_MALFORMAT: kind = .malformed
        default: kind = connected ? .broken : .connect
        }
    }
}

/// What is wrong with a server's certificate, by OpenSSL's verdict on it (X509_V_ERR_… of openssl/x509_vfy.h).
private func certificateFault(_ reason: Int) -> String {
    switch reason {
    // The chain is good, so it is the name.
    case 0, 1, 62, 64: "the server's certificate is for another name"
    case 9: "the server's certificate is not valid yet"
    case 10: "the server's certificate has expired"
    case 23: "the server's certificate was revoked"
    case 2, 18, 19, 20, 21: "the server's certificate is not trusted: no authority known to this machine signed it"
    default: "the server's certificate is not accepted (OpenSSL verify error \(reason))"
    }
}
