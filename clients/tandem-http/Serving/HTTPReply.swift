import CMicroHTTPD

/// How much of an answer is fetched at once.
private let streamBlock = 16 << 10

/// What is sent back.
struct HTTPReply {
    enum Content {
        case bytes([UInt8])
        case stream(AnswerStream)
    }

    var status: Int
    var type: String
    var content: Content
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ type: String, _ bytes: [UInt8]) {
        self.status = status
        self.type = type
        content = .bytes(bytes)
    }

    init(json: [UInt8]) { self.init(200, "application/json", json) }

    init(_ error: OpenAIError) {
        self.init(error.status, "application/json", error.body)
        headers = error.headers
    }

    init(_ stream: AnswerStream) {
        status = 200
        type = "text/event-stream"
        content = .stream(stream)
        // Proxies that put small pieces together would spoil it.
        headers = [("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no")]
    }

    /// Hands it to libmicrohttpd; false when the connection has to be closed.
    func send(on connection: OpaquePointer) -> Bool {
        let response: OpaquePointer? =
            switch content {
            case .bytes(let bytes): bytes.withUnsafeBytes { cmhd_response($0.baseAddress, $0.count) }
            case .stream(let stream):
                cmhd_stream(streamBlock, readCallback, Unmanaged.passRetained(stream).toOpaque(), freeCallback)
            }
        guard let response else { return false }
        cmhd_add_header(response, "Content-Type", type)
        for (name, value) in headers { cmhd_add_header(response, name, value) }
        return cmhd_queue(connection, UInt32(status), response) != 0
    }
}

private func readCallback(
    stream: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?, size: Int
) -> Int {
    guard let stream, let buffer else { return CMHD_ABORT }
    return Unmanaged<AnswerStream>.fromOpaque(stream).takeUnretainedValue()
        .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
}

private func freeCallback(stream: UnsafeMutableRawPointer?) {
    if let stream { Unmanaged<AnswerStream>.fromOpaque(stream).release() }
}
