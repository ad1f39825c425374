import CMicroHTTPD
import TandemBase
import TandemClient
import TandemJSON
import TandemProtocol

/// One request, whose head is known.
struct HTTPCall {
    let connection: OpaquePointer
    let method: String
    let path: String

    private func header(_ name: String) -> String? { cmhd_header(connection, name).map { String(cString: $0) } }

    /// The client's socket, for seeing it leave.
    private var client: Int32 { cmhd_socket(connection) }

    /// Why it is not served on TCP; nil when it may be.
    func refusal(_ service: Service) -> OpenAIError? {
        if let refusal = Gatekeeper.refusal(host: header("Host"), origin: header("Origin")) { return refusal }
        // A supervisor needs no key to see whether somebody is there.
        if path == "/healthz" { return nil }
        guard let token = service.token else { return nil }
        return Gatekeeper.refusal(authorization: header("Authorization"), token: token)
    }

    func answer(_ body: [UInt8], _ service: Service) -> HTTPReply {
        do throws(OpenAIError) {
            return try route(body, service)
        } catch {
            return HTTPReply(error)
        }
    }

    private func route(_ body: [UInt8], _ service: Service) throws(OpenAIError) -> HTTPReply {
        switch path {
        case "/v1/chat/completions":
            try allow("POST")
            return try chat(body, service)
        case "/v1/models":
            try allow("GET")
            return HTTPReply(json: modelList(try ask("models", service), created: service.startedAt))
        case _ where path.hasPrefix("/v1/models/"):
            try allow("GET")
            let name = String(path.dropFirst("/v1/models/".count))
            guard let entry = modelEntry(name, in: try ask("models", service), created: service.startedAt) else {
                throw OpenAIError(RPCError.unknownModel(name, didYouMean: nil))
            }
            return HTTPReply(json: entry)
        case "/metrics":
            try allow("GET")
            return HTTPReply(200, "text/plain; version=0.0.4; charset=utf-8", service.metrics(for: client))
        case "/healthz":
            try allow("GET")
            _ = try ask("ping", service)
            return HTTPReply(json: Array(#"{"status":"ok"}"#.utf8))
        default: throw .notFound(path)
        }
    }

    private func allow(_ allowed: String) throws(OpenAIError) {
        if method == allowed || (allowed == "GET" && method == "HEAD") { return }
        var error = OpenAIError(405, "\(path) is for \(allowed)", code: "method_not_allowed")
        error.allow = allowed
        throw error
    }

    private func ask(_ question: String, _ service: Service) throws(OpenAIError) -> JSONValue {
        do {
            return try service.query(question, for: client)
        } catch {
            throw OpenAIError(error)
        }
    }

    private func chat(_ body: [UInt8], _ service: Service) throws(OpenAIError) -> HTTPReply {
        let request: ChatTranslation
        do {
            request = try ChatTranslation(body)
        } catch {
            throw OpenAIError(error)
        }
        let created = Int(WallTime.now().milliseconds / 1000)
        do {
            let daemon = try service.connect(for: client)
            guard request.streams else {
                return HTTPReply(json: completion(try daemon.call("chat", params: request.params), created: created))
            }
            let models = try daemon.call("models")
            try daemon.send("chat", params: request.params)
            let chunks = ChunkStream(
                model: request.model, includesUsage: request.includesUsage,
                holdsText: mayStartOver(request.model, in: models), created: created)
            return HTTPReply(try AnswerStream(service, daemon, chunks))
        } catch {
            throw OpenAIError(error)
        }
    }
}
