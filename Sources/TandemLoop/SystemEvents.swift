import CLinux
import CSystemd
import Glibc
import TandemBase

/// sd-event as one more descriptor of the loop, for signals. Its epoll is nested in ours; it is prepared after each
/// change and dispatched when its descriptor is ready.
@LoopActor
package final class SystemEvents: ReadinessHandler {
    private let event: OpaquePointer
    private var registration: Registration?
    private var signalHandlers: [Int32: @LoopActor () -> Void] = [:]

    /// The signals must be blocked in every thread before (`blockSignals`).
    package init() throws(SystemError) {
        var event: OpaquePointer?
        let result = sd_event_new(&event)
        guard result >= 0, let event else { throw SystemError("sd_event_new", code: -result) }
        self.event = event
        registration = try EventLoop.shared.register(sd_event_get_fd(event), events: UInt32(CL_EPOLLIN), self)
    }

    /// Blocks what `onSignal` will take, for this thread and those it starts. Call it first in the process.
    package nonisolated static func blockSignals(_ signals: [Int32]) {
        for signal in signals { cl_block_signal(signal) }
    }

    package func onSignal(_ signal: Int32, _ handler: @escaping @LoopActor () -> Void) throws(SystemError) {
        signalHandlers[signal] = handler
        let result = sd_event_add_signal(
            event, nil, signal,
            { _, info, context in
                guard let info, let context else { return 0 }
                let signal = Int32(bitPattern: info.pointee.ssi_signo)
                let events = Unmanaged<SystemEvents>.fromOpaque(context).takeUnretainedValue()
                LoopActor.assumeIsolated { events.signalHandlers[signal]?() }
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
        guard result >= 0 else { throw SystemError("sd_event_add_signal", code: -result) }
        prepare()
    }

    package func ready(_ events: UInt32) {
        // Bounded: a few sources, each dispatched once a round.
        for _ in 0..<16 where sd_event_wait(event, 0) > 0 { sd_event_dispatch(event) }
        prepare()
    }

    /// What is pending already is dispatched at once.
    private func prepare() {
        for _ in 0..<16 {
            guard sd_event_prepare(event) > 0 else { return }
            sd_event_dispatch(event)
        }
    }
}
