import CLinux
import Glibc
import TandemBase
import TandemHTTP
import TandemLoop
import TandemTestSupport
import Testing

/// What a transfer told its delegate.
@LoopActor
final class Receiver: TransferDelegate {
    var body: [UInt8] = []
    var pieces = 0
    var result: Result<Void, TransferFailure>?
    var status = 0
    var finishes = 0
    var onPiece: (@LoopActor (Transfer) -> Void)?
    nonisolated let finished = Gate()
    nonisolated let firstPiece = Gate()
    nonisolated init() {}

    func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer) {
        #expect(transfer.status != 0)
        body.append(contentsOf: bytes)
        pieces += 1
        firstPiece.open()
        onPiece?(transfer)
    }

    func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>) {
        self.result = result
        status = transfer.status
        finishes += 1
        finished.open()
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var failure: TransferFailure? { if case .failure(let failure)? = result { failure } else { nil } }
}

/// One client for the test process: libcurl holds unretained pointers to it.
@LoopActor let client = try? HTTPClient()

@LoopActor
func makeEndpoint(_ url: String, socket: String? = nil) throws -> HTTPEndpoint {
    var settings = HTTPEndpoint.Settings(url: url)
    settings.unixSocket = socket
    settings.headers = [("Authorization", Secret("Bearer key"))]
    return HTTPEndpoint(settings, client: try #require(client))
}

func start(_ url: String, body: String = "{}", socket: String? = nil, _ receiver: Receiver) throws -> Transfer {
    try onLoop { try start(makeEndpoint(url, socket: socket), body: body, receiver) }
}

@LoopActor
func start(_ endpoint: HTTPEndpoint, body: String = "{}", _ receiver: Receiver) throws -> Transfer {
    let client = try #require(client)
    return try #require(client.start(endpoint, body: Array(body.utf8), delegate: receiver))
}

@Suite(.serialized) struct HTTPClientTests {
    @Test func sendsTheBodyAsItIsAndReadsTheAnswer() throws {
        let upstream = try ScriptedUpstream(.chat("hello"))
        let receiver = Receiver()
        _ = try start(upstream.baseURL + "/x", body: "{\"größe\": 1.50}", receiver)
        #expect(receiver.finished.wait())
        let request = try #require(upstream.request())
        #expect(request.method == "POST" && request.path == "/v1/x" && request.text == "{\"größe\": 1.50}")
        #expect(request.header("authorization") == "Bearer key")
        #expect(request.header("expect") == nil && request.header("accept-encoding") == nil)
        try onLoop {
            #expect(receiver.status == 200 && receiver.failure == nil)
            #expect(receiver.text.contains("\"content\":\"hello\""))
        }
    }

    /// Not announced, which would cost a round trip, and whole.
    @Test func aLargeBodyIsSentAtOnce() throws {
        let upstream = try ScriptedUpstream(.chat("hello"))
        let endpoint = try onLoop { try makeEndpoint(upstream.baseURL) }
        for body in [String(repeating: "x", count: 3 << 20), "{}"] {
            let receiver = Receiver()
            _ = try onLoop { try start(endpoint, body: body, receiver) }
            #expect(receiver.finished.wait())
            let request = try #require(upstream.requests.last)
            #expect(request.text == body && request.header("expect") == nil)
        }
    }

    /// A request without Accept-Encoding may be answered in any (RFC 9110, 12.5.3).
    @Test func unpacksWhatComesCompressedUnasked() throws {
        // "hello", by gzip.
        let packed: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0,
        ]
        let upstream = try ScriptedUpstream(Reply(headers: [("Content-Encoding", "gzip")], body: [.bytes(packed)]))
        let receiver = Receiver()
        _ = try start(upstream.baseURL, receiver)
        #expect(receiver.finished.wait())
        #expect(try onLoop { receiver.text } == "hello")
    }

    @Test func saysWhoItIsUnlessTheConfigurationDoes() throws {
        let upstream = try ScriptedUpstream(.chat("hello"))
        let agents = try [[], [("user-agent", Secret("mine/1"))]].map { (headers: [(String, Secret)]) in
            let receiver = Receiver()
            _ = try onLoop {
                var settings = HTTPEndpoint.Settings(url: upstream.baseURL)
                settings.headers = headers
                return try start(HTTPEndpoint(settings, client: try #require(client)), receiver)
            }
            #expect(receiver.finished.wait())
            return upstream.requests.last?.headers.filter { $0.name == "user-agent" }.map(\.value)
        }
        #expect(agents == [["tandem"], ["mine/1"]])
    }

    @Test func oneConnectionServesOneRequestAfterTheOther() throws {
        let upstream = try ScriptedUpstream(.chat("again"))
        let endpoint = try onLoop { try makeEndpoint(upstream.baseURL) }
        for _ in 0..<20 {
            let receiver = Receiver()
            _ = try onLoop { try start(endpoint, receiver) }
            #expect(receiver.finished.wait())
        }
        #expect(upstream.connections == 1 && upstream.requests.count == 20)
    }

    /// A model takes its time until the first byte; that must not hold up the next request to the same host.
    @Test func aSilentRequestDoesNotHoldUpTheNext() throws {
        let upstream = try ScriptedUpstream { $0.text == "hang" ? .hang : .chat("quick") }
        let (silent, quick) = (Receiver(), Receiver())
        let endpoint = try onLoop { try makeEndpoint(upstream.baseURL) }
        let hanging = try onLoop { try start(endpoint, body: "hang", silent) }
        _ = try #require(upstream.request())
        _ = try onLoop { try start(endpoint, body: "quick", quick) }
        #expect(quick.finished.wait(within: .seconds(5)))
        try onLoop { hanging.cancel() }
    }

    @Test func reachesAnUpstreamOnAUnixSocket() throws {
        let home = try TemporaryHome()
        let path = home.path + "/up.sock"
        let upstream = try ScriptedUpstream(on: .unix(path), .chat("over the socket"))
        let receiver = Receiver()
        _ = try start("http://localhost/v1", socket: path, receiver)
        #expect(receiver.finished.wait())
        #expect(upstream.requests.count == 1)
        try onLoop { #expect(receiver.text.contains("over the socket")) }
    }

    @Test(arguments: [true, false])
    func cancelClosesTheSocketAtOnceAndIsNeverHeardOfAgain(afterAPiece: Bool) throws {
        let begun = Gate()
        let upstream = try ScriptedUpstream(
            afterAPiece ? .sse([.event("1"), .signal(begun), .hang]) : Reply(steps: [.signal(begun), .hang]))
        let receiver = Receiver()
        let transfer = try start(upstream.baseURL, receiver)
        #expect(begun.wait())
        if afterAPiece { #expect(receiver.firstPiece.wait()) }
        let request = try #require(upstream.request())
        let asked = MonotonicTime.now()
        try onLoop { transfer.cancel() }
        #expect(request.abandoned.wait())
        #expect(try #require(request.abandonedAt) - asked < .milliseconds(100))
        try onLoop {
            #expect(!transfer.isActive && receiver.finishes == 0)
            transfer.cancel()
        }
    }

    @Test func cancelFromWithinTheReceivingCallbackIsSafe() throws {
        let upstream = try ScriptedUpstream(.sse((0..<100).map { .event("\($0)") } + [.hang]))
        for _ in 0..<20 {
            let receiver = Receiver()
            try onLoop { receiver.onPiece = { $0.cancel() } }
            let transfer = try start(upstream.baseURL, receiver)
            #expect(receiver.firstPiece.wait())
            try onLoop {
                #expect(!transfer.isActive && receiver.pieces == 1 && receiver.finishes == 0)
            }
        }
        #expect(try onLoopEventually { client?.inFlight == 0 })
    }

    @Test func startingAndCancellingInOneTurnSendsNothing() throws {
        let upstream = try ScriptedUpstream(.chat("never"))
        try onLoop {
            let receiver = Receiver()
            for _ in 0..<10 { try start(makeEndpoint(upstream.baseURL), receiver).cancel() }
        }
        let receiver = Receiver()
        _ = try start(upstream.baseURL, receiver)
        #expect(receiver.finished.wait())
        #expect(upstream.requests.count == 1)
    }

    @Test func aPausedTransferTakesNothingAndLosesNothing() throws {
        let piece = String(repeating: "x", count: 60000)
        let upstream = try ScriptedUpstream(.sse((0..<400).map { _ in .text(piece) }))
        let receiver = Receiver()
        try onLoop {
            receiver.onPiece = { transfer in
                transfer.pause()
                receiver.onPiece = nil
            }
        }
        let transfer = try start(upstream.baseURL, receiver)
        #expect(receiver.firstPiece.wait())
        let request = try #require(upstream.request())
        for _ in 0..<50 { try onLoop {} }
        #expect(try onLoop { receiver.pieces } == 1)
        #expect(!request.answered.isOpen)
        // Pause and resume in one turn, in any order, change nothing but the end state.
        try onLoop {
            transfer.resume()
            transfer.pause()
        }
        for _ in 0..<50 { try onLoop {} }
        #expect(try onLoop { receiver.pieces } == 1)
        try onLoop { transfer.resume() }
        #expect(receiver.finished.wait())
        #expect(try onLoop { receiver.body.count } == 400 * 60000)
    }

    @Test func aPausedTransferCanBeCancelled() throws {
        let piece = String(repeating: "x", count: 60000)
        let upstream = try ScriptedUpstream(.sse((0..<400).map { _ in .text(piece) }))
        let receiver = Receiver()
        try onLoop { receiver.onPiece = { $0.pause() } }
        let transfer = try start(upstream.baseURL, receiver)
        #expect(receiver.firstPiece.wait())
        try onLoop {
            transfer.resume()
            transfer.cancel()
        }
        #expect(try #require(upstream.request()).abandoned.wait())
        #expect(try onLoop { client?.inFlight } == 0)
    }

    @Test(arguments: [
        (Reply.reset, TransferFailure.Kind.broken), (.empty, .broken), (.garbage, .malformed),
        (.sse([.event("1"), .reset]), .broken), (.sse([.event("1"), .close]), .broken),
        (.json("{}", headers: [("X-Long", String(repeating: "x", count: 200_000))]), .malformed),
    ])
    func faultsAreSorted(reply: Reply, kind: TransferFailure.Kind) throws {
        let upstream = try ScriptedUpstream(reply)
        let receiver = Receiver()
        _ = try start(upstream.baseURL, receiver)
        #expect(receiver.finished.wait())
        try onLoop { #expect(receiver.failure?.kind == kind && receiver.finishes == 1) }
        guard kind == .malformed else { return }
        #expect(try onLoop { receiver.failure?.message.contains("the server") } == true, "in our words")
    }

    @Test func nobodyListeningIsAConnectFailure() throws {
        let upstream = try ScriptedUpstream(.hang)
        let url = upstream.baseURL
        upstream.stop()
        let receiver = Receiver()
        _ = try start(url, receiver)
        #expect(receiver.finished.wait())
        try onLoop { #expect(receiver.failure?.kind == .connect) }
    }

    @Test func anIdleConnectionThatThePeerClosedCostsNothing() throws {
        // The upstream answers, keeps the connection, and is then stopped: its socket is closed under ours.
        let upstream = try ScriptedUpstream(.chat("bye"))
        let receiver = Receiver()
        _ = try start(upstream.baseURL, receiver)
        #expect(receiver.finished.wait())
        upstream.stop()
        let before = try onLoop { cpuTime() }
        _ = Gate().wait(within: .milliseconds(300))
        let spent = try onLoop { cpuTime() } - before
        #expect(spent < .milliseconds(100), "the loop's thread used \(spent.milliseconds) ms in 300 ms of rest")
    }

    @Test func anAnswerAfterAnIdleConnectionWasClosedComesOverANewOne() throws {
        let upstream = try ScriptedUpstream { request in
            request.index == 0 ? Reply(body: [.text("{}"), .close]) : .chat("fresh")
        }
        let endpoint = try onLoop { try makeEndpoint(upstream.baseURL) }
        for _ in 0..<2 {
            let receiver = Receiver()
            _ = try onLoop { try start(endpoint, receiver) }
            #expect(receiver.finished.wait())
            #expect(try onLoop { receiver.failure } == nil)
        }
        #expect(upstream.connections == 2)
    }

    @Test func manyTransfersAtOnceAllEndAndLeaveNoDescriptorBehind() throws {
        let upstream = try ScriptedUpstream { request in
            switch request.index % 4 {
            case 0: .chat("ok")
            case 1: .stream(["a", "b"])
            case 2: .reset
            default: .sse([.event("1"), .close])
            }
        }
        let endpoint = try onLoop { try makeEndpoint(upstream.baseURL) }
        let receivers = (0..<200).map { _ in Receiver() }
        for round in 0..<2 {
            for receiver in receivers[(round * 100)..<(round * 100 + 100)] {
                _ = try onLoop { try start(endpoint, receiver) }
            }
            for receiver in receivers[(round * 100)..<(round * 100 + 100)] { #expect(receiver.finished.wait()) }
        }
        try onLoop {
            #expect(receivers.allSatisfy { $0.finishes == 1 })
            #expect(client?.inFlight == 0)
        }
    }

    @Test func aFetchEndsByItsTimeAndByItsSize() throws {
        let upstream = try ScriptedUpstream { request in
            request.path.hasSuffix("hang")
                ? .hang
                : Reply(
                    framing: .untilClose, body: (0..<100).map { _ in .bytes([UInt8](repeating: 120, count: 65536)) })
        }
        for path in ["/hang", "/large"] {
            let done = Gate()
            try onLoop {
                var settings = HTTPEndpoint.Settings(url: upstream.baseURL + path)
                settings.method = "GET"
                HTTPFetch(settings, timeout: path == "/hang" ? .milliseconds(50) : .seconds(10), client: client!) {
                    if case .success = $0 { Issue.record("\(path) succeeded") }
                    done.open()
                }
            }
            #expect(done.wait())
        }
        #expect(try onLoopEventually { client?.inFlight == 0 })
    }

    /// The last piece of a response goes over the limit and ends the transfer at once.
    @Test(arguments: [(0, true), (1, false)])
    func aFetchIsWholeOrFails(over: Int, succeeds: Bool) throws {
        let body = [UInt8](repeating: 120, count: HTTPFetch.bodyLimit + over)
        let upstream = try ScriptedUpstream(Reply(body: [.bytes(body)]))
        let done = Gate()
        try onLoop {
            var settings = HTTPEndpoint.Settings(url: upstream.baseURL)
            settings.method = "GET"
            HTTPFetch(settings, timeout: .seconds(10), client: client!) { result in
                #expect((try? result.get())?.body.count == (succeeds ? body.count : nil))
                done.open()
            }
        }
        #expect(done.wait())
    }

    /// CPU time of the calling thread.
    @LoopActor
    private func cpuTime() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
