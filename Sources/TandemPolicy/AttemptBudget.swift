/// The upstream calls one request may spend on retries and fallbacks, shared by all its steps (WORKFLOWS.md, rule 1).
/// The first call of a step is its ordinary work and costs nothing; every further one costs one. A request of one step
/// so makes at most `attempts` calls, and a workflow of n steps at most n − 1 more.
package struct AttemptBudget: Hashable, Sendable {
    package static let defaultAttempts = 3

    /// Retries and fallbacks that are left.
    package private(set) var extrasLeft: Int

    package init(attempts: Int = defaultAttempts) { extrasLeft = max(0, attempts - 1) }

    mutating func spend() -> Bool {
        guard extrasLeft > 0 else { return false }
        extrasLeft -= 1
        return true
    }

    mutating func giveBack() { extrasLeft += 1 }
}
