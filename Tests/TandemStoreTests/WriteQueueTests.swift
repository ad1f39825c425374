import CLinux
import Glibc
import Synchronization
import TandemBase
import TandemTestSupport
import Testing

@testable import TandemStore

@Suite struct WriteQueueTests {
    private func queue(batchRows: Int = 1024, batchMilliseconds: Int = 60_000, jobs: Int = 256) -> WriteQueue {
        var limits = QueueLimits()
        limits.batchRows = batchRows
        limits.batchMilliseconds = batchMilliseconds
        limits.jobs = jobs
        return WriteQueue(limits: limits)
    }

    private func write(_ index: Int) -> StoreWrite {
        .request(BoxedRequest(makeRequest(makeID(Int64(index), UInt64(index)))))
    }

    private func ids(_ writes: [StoreWrite]) -> [Int64] {
        writes.map { if case .request(let box) = $0 { box.record.startedAt.milliseconds } else { -1 } }
    }

    private let job = StoreJob(run: { _ in }, refuse: { _ in })

    /// What came since the last group is one group, in order; its time ends the wait for more.
    @Test func groupsAreWholeAndInOrder() {
        let queue = queue(batchMilliseconds: 1)
        for index in 0..<100 { #expect(queue.add(write(index))) }
        let work = queue.next(mayWait: true)
        #expect(ids(work.writes) == Array(0..<100))
        #expect(work.jobs.isEmpty && !work.closing)
        #expect(queue.next(mayWait: false).writes.isEmpty)
    }

    /// Once for each time without work, and not while a group waits for more.
    @Test func theThreadComesToRest() {
        var limits = QueueLimits()
        limits.restMilliseconds = 1
        limits.batchMilliseconds = 20
        let queue = WriteQueue(limits: limits)
        var rests = 0
        for index in 0..<3 {
            let work = queue.next(mayWait: true) {
                rests += 1
                #expect(queue.add(write(index)))
            }
            #expect(work.writes.count == 1 && rests == index + 1)
        }
    }

    /// With a minute to wait, a full group, a job or the end is what lets it go on. Both sides have threads of their
    /// own, as in the store: a turn in the busy test pool may come after that minute.
    @Test(arguments: ["full", "job", "end"])
    func theWaitForAGroupEndsEarly(by reason: String) async throws {
        let queue = queue(batchRows: 10)
        #expect(queue.add(write(0)))
        let work = await offPool {
            let result = Mutex<WriteQueue.Work?>(nil)
            let thread = Atomic<pid_t>(0)
            let ended = Gate()
            startThread {
                thread.store(cl_gettid(), ordering: .relaxed)
                let work = queue.next(mayWait: true)
                result.withLock { $0 = work }
                ended.open()
            }
            #expect(eventually { self.isAsleep(thread.load(ordering: .relaxed)) })
            switch reason {
            case "full": for index in 1..<10 { #expect(queue.add(self.write(index))) }
            case "job": #expect(queue.add(self.job) == nil)
            default: queue.close()
            }
            ended.wait(within: .seconds(30))
            return result.withLock { $0 }
        }
        let found = try #require(work, "it still waits")
        #expect(ids(found.writes) == (reason == "full" ? Array(0..<10) : [0]))
        #expect(found.jobs.count == (reason == "job" ? 1 : 0))
        #expect(found.closing == (reason == "end"))
    }

    private func isAsleep(_ thread: pid_t) -> Bool {
        let status = (try? readFile("/proc/self/task/\(thread)/stat")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return status.split(separator: ")").last?.hasPrefix(" S ") == true
    }

    @Test func onlyAFullGroupIsTakenDuringAQuery() {
        let queue = queue(batchRows: 3)
        for index in 0..<2 { #expect(queue.add(write(index))) }
        #expect(queue.fullGroup().isEmpty)
        #expect(queue.add(write(2)))
        #expect(ids(queue.fullGroup()) == [0, 1, 2])
    }

    @Test func jobsAreBoundedAndRefusedAtTheEnd() {
        let queue = queue(jobs: 2)
        #expect([queue.add(job), queue.add(job), queue.add(job)] == [nil, nil, .overloaded])
        queue.close()
        #expect(queue.add(job) == .closed)
        #expect(!queue.add(write(0)))
    }
}
