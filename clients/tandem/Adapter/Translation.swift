import Glibc
import TandemBase
import TandemProtocol

/// What an adapter makes of messages, without any input or output of its own: `AdapterPump` brings in what was read
/// on both sides and carries away what is to be written. Everything of CLIENTS.md's rules for stdio adapters that is
/// not about the meaning of messages is the pump's.
protocol Translation {
    /// The editor's framing; nil to find it out from the first byte.
    static var framing: MessageFraming? { get }

    /// What waits to be written to the daemon; nothing in it, nothing dialled.
    var outbox: DaemonOutbox { get }
    /// Set when the editor asked for the end.
    var exitStatus: ExitCode? { get }
    /// Whether the editor still waits for an answer.
    var hasRequests: Bool { get }
    /// When `flush` is due next.
    var nextFlush: MonotonicTime? { get }

    /// Gives away the whole messages for the editor, unframed, in order.
    mutating func takeEditorOutput() -> [[UInt8]]
    /// Takes what the framer found on stdin.
    mutating func fromEditor(_ event: MessageFramer.Event, now: MonotonicTime)
    /// Takes one message of the daemon.
    mutating func fromDaemon(_ bytes: [UInt8], now: MonotonicTime)
    /// Lets go of what was held long enough.
    mutating func flush(now: MonotonicTime)
    /// So many bytes of `outbox` were written.
    mutating func wrote(_ count: Int)
    /// The connection is gone. What may have reached the daemon is answered and never sent again; what did not stays.
    mutating func connectionLost(now: MonotonicTime)
    /// No daemon could be reached.
    mutating func dialFailed(_ message: String, now: MonotonicTime)
    /// stdin ended: everything in flight is cancelled.
    mutating func cancelAll()
    /// Descriptors of its own to watch besides, such as those of programs that it started.
    var watched: [pollfd] { get }
    /// One of them is ready.
    mutating func ready(_ descriptor: Int32, _ events: Int16)
}

extension Translation {
    var watched: [pollfd] { [] }
    mutating func ready(_ descriptor: Int32, _ events: Int16) {}
}
