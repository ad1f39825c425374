import TandemPolicy
import Testing

@Suite struct SlotListTests {
    @Test func behavesLikeAnArrayUnderRandomChanges() {
        var random = SeededRandom(1)
        var list = SlotList<Int>()
        var model: [(handle: SlotList<Int>.Handle, value: Int)] = []
        var removed: [SlotList<Int>.Handle] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                model.append((list.append(step), step))
            case 4..<7:
                guard !model.isEmpty else { continue }
                let gone = model.remove(at: Int.random(in: model.indices, using: &random))
                #expect(list.remove(gone.handle) == gone.value)
                removed.append(gone.handle)
            case 7:
                guard !model.isEmpty else { continue }
                let moved = model.remove(at: Int.random(in: model.indices, using: &random))
                list.moveToBack(moved.handle)
                model.append(moved)
            case 8:
                if let stale = removed.randomElement(using: &random) {
                    #expect(list.remove(stale) == nil && list[stale] == nil)
                    list.moveToBack(stale)
                    #expect(list.update(stale) { $0 = -1 } == nil)
                }
            default:
                #expect(list.removeFirst() == model.first?.value)
                if !model.isEmpty { removed.append(model.removeFirst().handle) }
            }
            #expect(list.count == model.count)
            #expect(list.first == model.first?.value && list.lastHandle == model.last?.handle)
            if step % 64 == 0 { #expect(Array(list) == model.map(\.value)) }
        }
    }

    @Test func walksByHandleAndUpdatesInPlace() {
        var list = SlotList<String>()
        let handles = ["a", "b", "c"].map { list.append($0) }
        list.remove(handles[1])
        #expect(list.firstHandle == handles[0] && list.handle(after: handles[0]) == handles[2])
        #expect(list.handle(after: handles[2]) == nil && list.handle(after: handles[1]) == nil)
        #expect(
            list.update(handles[2]) {
                $0 += "!"; return $0
            } == "c!")
        #expect(list[handles[2]] == "c!")
    }
}
