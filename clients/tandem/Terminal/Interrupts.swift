import CLinux
import Glibc
import Synchronization

// Written to by the signal handler, which may do nothing but this.
private let wakeDescriptor = Atomic<Int32>(-1)
private let interruptions = Atomic<Int>(0)

/// ^C as a descriptor to poll. The second one leaves at once.
enum Interrupts {
    /// From now on SIGINT, SIGTERM and SIGHUP make the descriptor readable.
    static func watch() -> Int32 {
        let existing = wakeDescriptor.load(ordering: .relaxed)
        if existing >= 0 { return existing }
        let descriptor = cl_eventfd()
        wakeDescriptor.store(descriptor, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                let before = interruptions.add(1, ordering: .relaxed).oldValue
                if before > 0 { _exit(ExitCode.interrupted.rawValue) }
                var one: UInt64 = 1
                _ = write(wakeDescriptor.load(ordering: .relaxed), &one, 8)
            }
            sigaction(number, &action, nil)
        }
        return descriptor
    }

    /// Forgets what was pressed: an interactive session goes on after a cancelled request.
    static func forget() {
        var count: UInt64 = 0
        _ = read(watch(), &count, 8)
        interruptions.store(0, ordering: .relaxed)
    }
}
