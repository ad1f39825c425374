import Glibc

/// Lets one thread through at a time; a lock that may be taken and given back in different scopes.
final class BinarySemaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 1)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }

    func signal() { sem_post(semaphore) }
}
