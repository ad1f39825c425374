import CLinux
import Glibc
import TandemBase
import TandemLoop
import TandemTestSupport
import Testing

@Suite struct EventLoopTests {
    @LoopActor
    private final class Watcher: ReadinessHandler {
        var calls = 0
        var act: (@LoopActor (UInt32) -> Void)?
        nonisolated init() {}

        func ready(_ events: UInt32) {
            calls += 1
            act?(events)
        }
    }

    private func pipe() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        precondition(cl_pipe(&ends, O_NONBLOCK | O_CLOEXEC) == 0)
        return (ends[0], ends[1])
    }

    @Test func deadlinesFireInOrderAndNotBeforeTheirTime() throws {
        let fired = Gate()
        let start = MonotonicTime.now()
        try onLoop {
            let loop = EventLoop.shared
            var order: [Int] = []
            for (name, delay) in [(3, 30), (1, 10), (2, 20)] {
                _ = loop.schedule(at: start + .milliseconds(delay)) {
                    #expect(loop.now >= start + .milliseconds(delay))
                    order.append(name)
                    if order.count == 3 {
                        #expect(order == [1, 2, 3])
                        fired.open()
                    }
                }
            }
        }
        #expect(fired.wait())
    }

    @Test func endOfTurnWorkRunsOnceForAllOfTheTurnAndMayAddMore() throws {
        let done = Gate()
        try onLoop {
            var order: [String] = []
            EventLoop.shared.atEndOfTurn {
                order.append("first")
                EventLoop.shared.atEndOfTurn {
                    order.append("added")
                    #expect(order == ["turn", "first", "second", "added"])
                    done.open()
                }
            }
            EventLoop.shared.atEndOfTurn { order.append("second") }
            order.append("turn")
        }
        #expect(done.wait())
    }

    /// libcurl closes sockets of ours without a word, and the number may be a client's connection by the time we act.
    @Test func anOldRegistrationDoesNothingToTheNextOneOfItsNumber() throws {
        let (first, second) = (pipe(), pipe())
        let watchers = (Watcher(), Watcher())
        let heard = (Gate(), Gate(), Gate())
        defer { for end in [first.read, first.write, second.read, second.write] { close(end) } }
        try onLoop {
            let loop = EventLoop.shared
            let old = try loop.register(first.read, events: UInt32(CL_EPOLLIN), watchers.0)
            // The same number, another file.
            precondition(dup2(second.read, first.read) == first.read)
            let new = try loop.register(first.read, events: UInt32(CL_EPOLLIN), watchers.1)
            watchers.1.act = { _ in
                var byte: UInt8 = 0
                read(first.read, &byte, 1)
                switch watchers.1.calls {
                case 1:
                    loop.update(old, events: 0)
                    heard.0.open()
                case 2:
                    loop.unregister(old)
                    heard.1.open()
                default:
                    loop.unregister(new)
                    heard.2.open()
                }
            }
            loop.suspend(old)
        }
        for gate in [heard.0, heard.1, heard.2] {
            write(second.write, "x", 1)
            #expect(gate.wait())
        }
        try onLoop { #expect(watchers.0.calls == 0) }
    }

    /// A descriptor that is closed and opened again under the same number within a turn must not hear of the old one.
    @Test func anUnregisteredHandlerHearsNothingMore() throws {
        let (first, second) = (pipe(), pipe())
        let done = Gate()
        let watchers = (Watcher(), Watcher())
        defer { for end in [first.read, first.write, second.read, second.write] { close(end) } }
        try onLoop {
            let loop = EventLoop.shared
            let one = try loop.register(first.read, events: UInt32(CL_EPOLLIN), watchers.0)
            let two = try loop.register(second.read, events: UInt32(CL_EPOLLIN), watchers.1)
            // Both are ready in the same turn; whichever comes first takes both away.
            let takeAway: @LoopActor (UInt32) -> Void = { _ in
                loop.unregister(one)
                loop.unregister(two)
                done.open()
            }
            watchers.0.act = takeAway
            watchers.1.act = takeAway
            write(first.write, "x", 1)
            write(second.write, "x", 1)
        }
        #expect(done.wait())
        #expect(try onLoop { watchers.0.calls + watchers.1.calls } == 1)
    }

    @Test func aSuspendedRegistrationRestsUntilItIsUpdated() throws {
        let ends = pipe()
        let watcher = Watcher()
        defer { close(ends.write) }
        let registration = try onLoop {
            let registration = try EventLoop.shared.register(ends.read, events: UInt32(CL_EPOLLIN), watcher)
            watcher.act = { _ in EventLoop.shared.suspend(registration) }
            write(ends.write, "x", 1)
            return registration
        }
        #expect(try onLoopEventually { watcher.calls == 1 })
        for _ in 0..<20 { try onLoop {} }
        #expect(try onLoop { watcher.calls } == 1)
        try onLoop { EventLoop.shared.update(registration, events: UInt32(CL_EPOLLIN)) }
        #expect(try onLoopEventually { watcher.calls == 2 })
        try onLoop {
            EventLoop.shared.unregister(registration)
            close(ends.read)
        }
    }

    @Test func workFromManyThreadsAllArrives() async throws {
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    var sum = 0
                    for _ in 0..<20 { sum += await startOnLoop { 1 }.value }
                    return sum
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(count == 1000)
    }

    @Test func aTaskThatNeverPausesDoesNotStarveDescriptors() async throws {
        let ends = pipe()
        let watcher = Watcher()
        try onLoop {
            let registration = try EventLoop.shared.register(ends.read, events: UInt32(CL_EPOLLIN), watcher)
            watcher.act = { _ in
                EventLoop.shared.unregister(registration)
                close(ends.read)
            }
        }
        let spinner = startOnLoop {
            write(ends.write, "x", 1)
            var rounds = 0
            while watcher.calls == 0, rounds < 100_000 {
                rounds += 1
                await Task.yield()
            }
            return rounds
        }
        #expect(await spinner.value < 100_000)
        close(ends.write)
    }
}
