import CCurl
import Glibc
import TandemBase
import TandemLoop

/// The certificates of the authorities that are trusted instead of the system's, by the variable that OpenSSL's
/// programs have for it.
private let certificateFile = getenv("SSL_CERT_FILE").map { String(cString: $0) }

/// One URL with its headers and timeouts, and the easy handles prepared for it. Only the body differs between two
/// transfers to one endpoint, so a handle is set up once and used again.
@LoopActor
package final class HTTPEndpoint {
    /// A connection may have been closed when its endpoint was not used for this long.
    static let coldAfter = TimeSpan.seconds(60)
    /// Bodies from here on libcurl announces with "Expect: 100-continue", which costs a round trip: EXPECT_100_THRESHOLD
    /// in its http.h.
    static let announcedBody = 1 << 20
    /// Idle prepared handles kept; what is above is closed.
    static let idleHandleLimit = 64

    package struct Settings: Sendable {
        package var method = "POST"
        package var url: String
        /// The upstream's Unix socket; the URL then gives host and path only.
        package var unixSocket: String?
        package var headers: [(name: String, value: Secret)] = []
        package var connectTimeout: TimeSpan = .seconds(2)
        /// Ends where the request would be sent.
        var connectsOnly = false

        package init(url: String) { self.url = url }
    }

    package let settings: Settings
    private let client: HTTPClient
    /// When a transfer was started last.
    var lastUse: MonotonicTime?
    /// The first is "Expect:", for large bodies (`begin`).
    nonisolated(unsafe) private var headerList: UnsafeMutablePointer<curl_slist>?
    /// The URL taken apart, once for all transfers; nil for one that libcurl is to refuse in its own words.
    nonisolated(unsafe) private var parsedURL: OpaquePointer?
    nonisolated(unsafe) private var idle: [OpaquePointer] = []

    package init(_ settings: Settings, client: HTTPClient) {
        self.settings = settings
        self.client = client
        parsedURL = Self.parse(settings.url)
        headerList = curl_slist_append(nil, "Expect:")
        // Not sent, as it is empty: to unpack what is compressed (`makeHandle`) libcurl would ask for it.
        headerList = curl_slist_append(headerList, "Accept-Encoding:")
        if !settings.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            // As an option libcurl would format it anew for each transfer.
            headerList = curl_slist_append(headerList, "User-Agent: tandem")
        }
        for (name, value) in settings.headers {
            headerList = value.reveal { curl_slist_append(headerList, "\(name): \($0)") }
        }
    }

    deinit {
        for easy in idle { curl_easy_cleanup(UnsafeMutableRawPointer(easy)) }
        curl_slist_free_all(headerList)
        curl_url_cleanup(parsedURL)
    }

    private static func parse(_ url: String) -> OpaquePointer? {
        guard let parsed = curl_url() else { return nil }
        guard curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK else {
            curl_url_cleanup(parsed)
            return nil
        }
        return parsed
    }

    /// Whether the environment names a proxy: without one libcurl need not look for it in each transfer.
    private static let environmentNamesProxy = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .contains { (name: String) in getenv(name) != nil }

    private var isEncrypted: Bool { settings.url.hasPrefix("https:") }

    /// Whether a new transfer would probably have to connect first.
    func isCold(at time: MonotonicTime) -> Bool {
        guard settings.unixSocket == nil else { return false }
        return lastUse.map { time - $0 > Self.coldAfter } ?? true
    }

    /// A handle that is ready but for the body, of so many bytes.
    func takeHandle(forBody size: Int) -> UnsafeMutableRawPointer? {
        lastUse = EventLoop.shared.now
        let easy = if let known = idle.popLast() { UnsafeMutableRawPointer(known) } else { makeHandle() }
        // Only where it matters: libcurl compares each header with a dozen names.
        if let easy, size >= Self.announcedBody { ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList) }
        return easy
    }

    private func makeHandle() -> UnsafeMutableRawPointer? {
        guard let easy = curl_easy_init() else { return nil }
        if let parsedURL {
            ccurl_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(parsedURL))
        } else {
            ccurl_set_string(easy, CURLOPT_URL, settings.url)
        }
        if !Self.environmentNamesProxy {
            ccurl_set_string(easy, CURLOPT_PROXY, "")
            ccurl_set_string(easy, CURLOPT_NOPROXY, "")
        }
        if let path = settings.unixSocket { ccurl_set_string(easy, CURLOPT_UNIX_SOCKET_PATH, path) }
        ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList?.pointee.next)
        switch settings.method {
        case "GET": ccurl_set_long(easy, CURLOPT_HTTPGET, 1)
        case "POST": ccurl_set_long(easy, CURLOPT_POST, 1)
        default: ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, settings.method)
        }
        ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, max(1, settings.connectTimeout.wholeMilliseconds))
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        // A transfer that ends while its host's name is looked up would else wait for the name server, and the loop with
        // it; so the thread that asks ends by itself.
        ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1)
        ccurl_set_long(easy, CURLOPT_TCP_NODELAY, 1)
        // Waits for a connection on the way that may turn out to be HTTP/2. Over TLS that is known after the handshake;
        // in the clear only after the first response, and a silent model would hold up every other request.
        if isEncrypted { ccurl_set_long(easy, CURLOPT_PIPEWAIT, 1) }
        // Nothing is asked for (`init`), but a server may compress all the same (RFC 9110, 12.5.3): then it is unpacked.
        ccurl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "identity")
        ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        if let certificateFile { ccurl_set_string(easy, CURLOPT_CAINFO, certificateFile) }
        if settings.connectsOnly { ccurl_connect_only(easy) }
        client.prepare(easy)
        if settings.connectsOnly, !isEncrypted { client.keepConnection(of: easy) }
        return easy
    }

    func giveBack(_ easy: UnsafeMutableRawPointer) {
        if idle.count < Self.idleHandleLimit {
            idle.append(OpaquePointer(easy))
        } else {
            curl_easy_cleanup(easy)
        }
    }
}
