import CLinux
import Glibc
import Synchronization

private let wakeDescriptor = Atomic<Int32>(-1)
private let endAsked = Atomic<Bool>(false)

/// The signals an adapter lives with.
enum AdapterSignals {
    /// SIGINT, SIGTERM or SIGHUP came.
    static var endWasAsked: Bool { endAsked.load(ordering: .relaxed) }

    /// Readable from then on when a signal came; the parent's end is one (SIGUSR2, by PR_SET_PDEATHSIG).
    static func watch() -> Int32 {
        let descriptor = cl_eventfd()
        wakeDescriptor.store(descriptor, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR2] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                if number != SIGUSR2 { endAsked.store(true, ordering: .relaxed) }
                cl_eventfd_signal(wakeDescriptor.load(ordering: .relaxed))
            }
            sigaction(number, &action, nil)
        }
        cl_prctl_pdeathsig(SIGUSR2)
        return descriptor
    }
}
