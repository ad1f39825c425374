import Glibc
import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemTestSupport
import Testing

/// A server on the test's loop whose methods do what a test needs: `echo` answers its params at once, `hold` waits to
/// be released or cancelled, `detached` is `hold` that outlives its client, `flood` streams until it is done, pausing
/// as a chat would, `big` answers `size` bytes.
final class ScriptedServer: Sendable {
    let handler: Handler
    private let uid: UInt32

    init(_ configure: @escaping @Sendable (inout ConnectionLimits) -> Void = { _ in }, ownUID: UInt32 = getuid()) throws
    {
        uid = ownUID
        handler = try onLoop {
            var limits = ConnectionLimits()
            configure(&limits)
            return Handler(limits, AccessPolicy(ownUID: ownUID))
        }
    }

    /// On the loop: a connection of it may be ending there at this moment.
    deinit {
        let handler = self.handler
        try? onLoop { handler.end() }
    }

    func client(framing: RawClient.Framing = .lines) throws -> RawClient {
        let (mine, theirs) = try connectedPair()
        let handler = self.handler
        try onLoop { handler.server?.accept(theirs) }
        return RawClient(FileDescriptor(owning: mine), framing: framing)
    }

    func releaseAll() throws {
        let handler = self.handler
        try onLoop { for work in Array(handler.held) { work.release() } }
    }

    func connectionCount() throws -> Int {
        let handler = self.handler
        return try onLoop { handler.server?.connectionCount ?? -1 }
    }
}

@LoopActor
final class Handler: RequestHandler {
    private(set) var server: RPCServer?
    var held: [Held] = []
    var floods: [Flood] = []
    var cancellations: [CancellationCause] = []
    var handled: [String] = []

    init(_ limits: ConnectionLimits, _ access: AccessPolicy) {
        server = RPCServer(handler: self, limits: limits, access: access)
    }

    func end() { server = nil }

    func handle(_ request: PendingRequest) {
        let method = request.message.name.string ?? ""
        handled.append(method)
        switch method {
        case "echo":
            request.respond { writer in
                if let params = request.params { writer.raw(params.raw) } else { writer.null() }
            }
        case "big":
            let size = request.params?["size"]?.int ?? 0
            request.respond { $0.string(String(repeating: "x", count: size)) }
        case "hold", "detached":
            request.isDetached = method == "detached"
            let work = Held(request, self)
            held.append(work)
            request.work = work
        case "flood":
            let work = Flood(request, self)
            floods.append(work)
            request.work = work
            work.resume()
        default: request.fail(.methodNotFound(method))
        }
    }
}

@LoopActor
final class Held: RequestWork {
    let request: PendingRequest
    private unowned let handler: Handler
    var resumptions = 0

    init(_ request: PendingRequest, _ handler: Handler) {
        self.request = request
        self.handler = handler
    }

    func cancel(_ cause: CancellationCause) {
        handler.cancellations.append(cause)
        end { request.fail(.cancelled(requestID: "r")) }
    }

    func release() { end { request.respond { $0.string("released") } } }
    func resume() { resumptions += 1 }

    private func end(_ answer: () -> Void) {
        handler.held.removeAll { $0 === self }
        answer()
    }
}

/// Sends `count` events of `size` bytes, as fast as the client takes them.
@LoopActor
final class Flood: RequestWork {
    let request: PendingRequest
    private unowned let handler: Handler
    private let size: Int
    private var left: Int
    var sent = 0
    var isPaused = false
    private var isOver = false

    init(_ request: PendingRequest, _ handler: Handler) {
        self.request = request
        self.handler = handler
        left = request.params?["count"]?.int ?? 0
        size = request.params?["size"]?.int ?? 0
    }

    func cancel(_ cause: CancellationCause) {
        handler.cancellations.append(cause)
        isOver = true
        request.fail(.cancelled(requestID: "r"))
    }

    func resume() {
        isPaused = false
        guard !isOver else { return }
        while left > 0 {
            request.event("content") { $0.member("text", String(repeating: "x", count: size)) }
            left -= 1
            sent += 1
            if request.isCongested {
                isPaused = true
                return
            }
        }
        isOver = true
        request.respond { $0.int(sent) }
    }
}

/// The value of a message's member, found step by step.
func json(_ message: String, _ path: String...) throws -> JSONValue {
    var value = try JSONDocument(Array(message.utf8)).root
    for key in path { value = try #require(value[key], "no \(key) in \(message)") }
    return value
}

func raw(_ value: JSONValue) -> String { String(decoding: value.raw, as: UTF8.self) }
