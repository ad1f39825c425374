import TandemBase
import TandemLoop
import TandemTestSupport
import Testing

@testable import TandemLoop

@Suite struct DeadlineTests {
    @LoopActor
    private final class Trail {
        var steps: [Int] = []
        nonisolated init() {}
    }

    /// The heap against a plain list: schedule, move, cancel, remove and pop in a seeded random order.
    @Test func theHeapAgreesWithAPlainList() throws {
        try onLoop {
            var random = SystemRandomNumberGenerator()
            var heap = DeadlineHeap()
            var model: [(deadline: Deadline, id: Int, at: Int64)] = []
            let trail = Trail()
            var now: Int64 = 0
            for id in 0..<4000 {
                let at = now + Int64.random(in: 0..<1000, using: &random)
                switch Int.random(in: 0..<8, using: &random) {
                case 0...3:
                    let deadline = heap.schedule(at: MonotonicTime(nanoseconds: at)) { trail.steps.append(id) }
                    model.append((deadline, id, at))
                case 4:
                    guard let index = model.indices.randomElement(using: &random) else { continue }
                    heap.move(model[index].deadline, to: MonotonicTime(nanoseconds: at))
                    model[index].at = at
                case 5:
                    guard let index = model.indices.randomElement(using: &random) else { continue }
                    heap.cancel(model[index].deadline)
                    #expect(!model[index].deadline.isPending)
                    // A cancelled one stays out.
                    heap.move(model[index].deadline, to: MonotonicTime(nanoseconds: at))
                    #expect(!model[index].deadline.isPending)
                    model.remove(at: index)
                default:
                    now += Int64.random(in: 0..<200, using: &random)
                    trail.steps = []
                    while let action = heap.popDue(at: MonotonicTime(nanoseconds: now)) { action() }
                    #expect(trail.steps.sorted() == model.filter { $0.at <= now }.map(\.id).sorted())
                    model.removeAll { $0.at <= now }
                }
                #expect(heap.earliest?.nanoseconds == model.map(\.at).min())
            }
        }
    }

    @Test(arguments: ["cancelled", "fired", "in the heap at its end"])
    func theHeapHoldsNoDeadlineThatHasLeftIt(how: String) throws {
        try onLoop {
            let trail = Trail()
            weak var watched: Deadline?
            do {
                var heap = DeadlineHeap()
                for time in 1...8 {
                    let deadline = heap.schedule(at: MonotonicTime(nanoseconds: Int64(time))) {
                        trail.steps.append(time)
                    }
                    if time == 3 { watched = deadline }
                }
                #expect(watched?.isPending == true)
                switch how {
                case "cancelled": if let deadline = watched { heap.cancel(deadline) }
                case "fired": while heap.popDue(at: MonotonicTime(nanoseconds: 5)) != nil {}
                default: break
                }
                #expect((watched == nil) == (how != "in the heap at its end"))
            }
            #expect(watched == nil)
        }
    }

    @Test func aDeadlineThatHasFiredCanBePutInAgain() throws {
        try onLoop {
            var heap = DeadlineHeap()
            let trail = Trail()
            let deadline = heap.schedule(at: MonotonicTime(nanoseconds: 1)) { trail.steps.append(1) }
            heap.popDue(at: MonotonicTime(nanoseconds: 1))?()
            #expect(!deadline.isPending)
            heap.move(deadline, to: MonotonicTime(nanoseconds: 5))
            #expect(deadline.isPending && heap.popDue(at: MonotonicTime(nanoseconds: 4)) == nil)
            heap.popDue(at: MonotonicTime(nanoseconds: 5))?()
            #expect(trail.steps == [1, 1])
        }
    }
}
