import CLinux
import Glibc
import Synchronization

// Written to by the signal handler, which may do nothing but this.
private let wakeDescriptor = Atomic<Int32>(-1)
private let interruptions = Atomic<Int>(0)

/// ^C as a descriptor to poll. The second one leaves at once.
enum Interrupts {
    /// From now on SIGINT, SIGTERM and, unless nohup(1) took care of it, SIGHUP make the descriptor readable.
    static func watch() -> Int32 {
        let existing = wakeDescriptor.load(ordering: .relaxed)
        if existing >= 0 { return existing }
        let descriptor = cl_eventfd()
        wakeDescriptor.store(descriptor, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || cl_is_ignored(SIGHUP) == 0 {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                let before = interruptions.add(1, ordering: .relaxed).oldValue
                if before > 0 { _exit(ExitCode.interrupted.rawValue) }
                cl_eventfd_signal(wakeDescriptor.load(ordering: .relaxed))
            }
            sigaction(number, &action, nil)
        }
        return descriptor
    }

    /// Whether one came since the last `forget`.
    static var haveCome: Bool { interruptions.load(ordering: .relaxed) > 0 }

    /// Forgets what was pressed: an interactive session goes on after a cancelled request.
    static func forget() {
        cl_eventfd_drain(watch())
        interruptions.store(0, ordering: .relaxed)
    }
}
