import CMicroHTTPD
import Glibc
import TandemBase
import TandemClient
import TandemProtocol

/// How long a stream says nothing before it says so. Well below the time after which idle connections are closed.
private let silenceLimit = TimeSpan.seconds(10)

/// An answer on its way from the daemon to a client, on the client's own thread. The daemon is read only when the
/// client takes more, so a slow client slows the daemon down and nothing piles up here.
final class AnswerStream {
    private let service: Service
    private let daemon: Client
    private var chunks: ChunkStream
    private var pending: [UInt8] = []
    private var offset = 0

    /// Waits for the first piece of the answer, so that a request that fails before it gets a status of its own.
    init(_ service: Service, _ daemon: Client, _ chunks: ChunkStream) throws(ClientError) {
        self.service = service
        self.daemon = daemon
        self.chunks = chunks
        service.streamBegan()
        while self.chunks.output.isEmpty {
            switch try daemon.next() {
            case .event(let params): self.chunks.event(params)
            case .result(let result): self.chunks.finish(result)
            case .failure(let error): throw .answered(error)
            case .ready: throw .interrupted
            case .timedOut: break
            }
        }
    }

    deinit { service.streamEnded() }

    /// Fills the buffer; waits for the daemon when there is nothing. CMHD_END after the last byte.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if offset == pending.count {
            if chunks.output.isEmpty, !chunks.isFinished, !wait(for: buffer.count) { return CMHD_ABORT }
            pending = chunks.takeOutput()
            offset = 0
            if pending.isEmpty { return CMHD_END }
        }
        let count = min(buffer.count, pending.count - offset)
        pending.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
        }
        offset += count
        return count
    }

    /// Waits for one event and takes what else has already come, up to a buffer's fill. false when the client left.
    private func wait(for enough: Int) -> Bool {
        do {
            while !chunks.isFinished, chunks.output.count < enough {
                let isFirst = chunks.output.isEmpty
                switch try daemon.next(until: isFirst ? .now() + silenceLimit : .now()) {
                case .event(let params): chunks.event(params)
                case .result(let result): chunks.finish(result)
                case .failure(let error): chunks.fail(error)
                case .ready: return false
                case .timedOut:
                    if isFirst { chunks.keepAlive() }
                    return true
                }
            }
        } catch {
            chunks.fail(RPCError(.shuttingDown, error.message))
        }
        return true
    }
}
