import TandemJSON
import TandemProtocol

extension RPCError {
    /// Reads the `error` member of a response.
    package init(decoding error: JSONValue) {
        let code = ErrorCode(rawValue: error["code"]?.int ?? ErrorCode.internalError.rawValue)
        let data = error["data"]
        var members: [Member] = []
        if let data {
            for (name, value) in data.members where !["kind", "retryable", "request_id"].contains(name) {
                members.append(Member(name, json: Array(value.raw)))
            }
        }
        self.init(
            code, error["message"]?.string ?? "unknown error", retryable: data?["retryable"]?.bool,
            requestID: data?["request_id"]?.string, data: members)
    }
}
