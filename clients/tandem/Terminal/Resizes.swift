import CLinux
import Glibc
import Synchronization

// Written to by the signal handler, which may do nothing but this.
private let wakeDescriptor = Atomic<Int32>(-1)

/// Changes of the terminal's size as a descriptor to poll.
enum Resizes {
    /// From now on SIGWINCH makes the descriptor readable.
    static func watch() -> Int32 {
        wakeDescriptor.store(cl_eventfd(), ordering: .relaxed)
        var action = sigaction()
        action.sa_flags = SA_RESTART
        action.__sigaction_handler.sa_handler = { _ in
            cl_eventfd_signal(wakeDescriptor.load(ordering: .relaxed))
        }
        sigaction(SIGWINCH, &action, nil)
        return wakeDescriptor.load(ordering: .relaxed)
    }

    /// Forgets those that were seen.
    static func forget() {
        cl_eventfd_drain(wakeDescriptor.load(ordering: .relaxed))
    }
}
