import Glibc
import TandemBase
import TandemClient
import TandemJSON

/// How long the daemon gets to confirm that a request was cancelled; it promises 100 ms.
private let cancelGrace = TimeSpan.milliseconds(500)

/// What a command shows of a request while it runs.
protocol ExchangeView {
    mutating func event(_ event: JSONValue) throws(Failure)
    /// When `tick` wants to be called; nil for never.
    func nextTick(_ now: MonotonicTime) -> MonotonicTime?
    mutating func tick(_ now: MonotonicTime)
    /// Called once, when the request is over, however it ended.
    mutating func finish()
}

extension ExchangeView {
    func nextTick(_ now: MonotonicTime) -> MonotonicTime? { nil }
    mutating func tick(_ now: MonotonicTime) {}
    mutating func finish() {}
}

/// One request from a terminal: events are shown as they come, ^C and a broken pipe cancel it.
enum Exchange {
    static func run(
        _ client: Client, _ method: String, _ params: [UInt8]?, within limit: TimeSpan? = nil,
        view: inout some ExchangeView
    ) throws(Failure) -> JSONValue {
        defer { view.finish() }
        let deadline = limit.map { MonotonicTime.now() + $0 }
        do throws(ClientError) {
            try client.send(method, params: params)
        } catch {
            throw Failure(error)
        }
        while true {
            let now = MonotonicTime.now()
            let tick = view.nextTick(now)
            let incoming: Client.Incoming
            do throws(ClientError) {
                incoming = try client.next(until: [tick, deadline].compactMap { $0 }.min())
            } catch {
                throw Failure(error)
            }
            switch incoming {
            case .event(let event):
                do throws(Failure) {
                    try view.event(event)
                } catch {
                    cancel(client)
                    throw error
                }
            case .result(let value): return value
            case .failure(let error): throw Failure(.answered(error))
            case .ready(let descriptor):
                cancel(client)
                throw descriptor == STDOUT_FILENO ? .brokenPipe : .interrupted
            case .timedOut:
                let now = MonotonicTime.now()
                if let deadline, now >= deadline {
                    cancel(client)
                    throw Failure(.deadlineExceeded)
                }
                view.tick(now)
            }
        }
    }

    /// Cancels and waits briefly for the daemon's word that it is done.
    private static func cancel(_ client: Client) {
        client.watched = []
        let end = MonotonicTime.now() + cancelGrace
        do throws(ClientError) {
            try client.cancel()
            while true {
                switch try client.next(until: end) {
                case .event, .ready: continue
                case .result, .failure, .timedOut: return
                }
            }
        } catch {
            // The connection is gone, and with it the request.
        }
    }
}
