/// An error as a client sees it. The message is one sentence that says what to do next; neither it nor the data
/// ever holds a key or a prompt.
package struct RPCError: Error, Hashable, Sendable {
    package var code: ErrorCode
    package var message: String
    package var retryable: Bool
    package var requestID: String?
    /// Members of `error.data` beyond kind, retryable and request_id, in this order.
    package var data: [Member]

    package struct Member: Hashable, Sendable {
        package var name: String
        /// One valid JSON value.
        package var json: [UInt8]

        package init(_ name: String, json: [UInt8]) {
            self.name = name
            self.json = json
        }
    }

    package init(
        _ code: ErrorCode, _ message: String, retryable: Bool? = nil, requestID: String? = nil, data: [Member] = []
    ) {
        self.code = code
        self.message = message
        self.retryable = retryable ?? code.isRetryable
        self.requestID = requestID
        self.data = data
    }
}
