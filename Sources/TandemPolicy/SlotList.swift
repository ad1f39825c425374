/// A doubly linked list in one array: append, remove and move to the back are O(1), storage is reused, and a handle to
/// a removed element is known to be stale. Every ordered collection of this module (windows, LRU, queues) is one.
package struct SlotList<Element> {
    /// Names one appended element for ever: serial numbers are not used again.
    package struct Handle: Hashable, Sendable {
        fileprivate var index: Int32
        fileprivate var serial: UInt64
    }

    fileprivate struct Slot {
        var element: Element?
        var serial: UInt64
        var previous: Int32
        var next: Int32
    }

    /// Storage of a list that became empty is kept up to this many slots.
    private static var keptSlots: Int { 16 }
    private static var none: Int32 { -1 }

    fileprivate var slots: [Slot] = []
    private var free: Int32 = -1
    fileprivate var head: Int32 = -1
    private var tail: Int32 = -1
    private var serial: UInt64 = 0
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }
    package var first: Element? { head == Self.none ? nil : slots[Int(head)].element }
    package var firstHandle: Handle? { handle(at: head) }
    package var lastHandle: Handle? { handle(at: tail) }

    /// The element, or nil when it was removed.
    package subscript(_ handle: Handle) -> Element? { isLive(handle) ? slots[Int(handle.index)].element : nil }

    package mutating func append(_ element: Element) -> Handle {
        serial += 1
        let index: Int32
        if free != Self.none {
            index = free
            free = slots[Int(index)].next
            slots[Int(index)] = Slot(element: element, serial: serial, previous: tail, next: Self.none)
        } else {
            index = Int32(slots.count)
            slots.append(Slot(element: element, serial: serial, previous: tail, next: Self.none))
        }
        if tail == Self.none { head = index } else { slots[Int(tail)].next = index }
        tail = index
        count += 1
        return Handle(index: index, serial: serial)
    }

    /// The removed element, or nil when it was removed before.
    @discardableResult
    package mutating func remove(_ handle: Handle) -> Element? {
        guard isLive(handle) else { return nil }
        unlink(handle.index)
        let element = slots[Int(handle.index)].element
        slots[Int(handle.index)] = Slot(element: nil, serial: 0, previous: Self.none, next: free)
        free = handle.index
        count -= 1
        if count == 0 {
            slots.removeAll(keepingCapacity: slots.count <= Self.keptSlots)
            free = Self.none
        }
        return element
    }

    @discardableResult
    package mutating func removeFirst() -> Element? {
        guard let firstHandle else { return nil }
        return remove(firstHandle)
    }

    package mutating func moveToBack(_ handle: Handle) {
        guard isLive(handle), handle.index != tail else { return }
        unlink(handle.index)
        slots[Int(handle.index)].previous = tail
        slots[Int(handle.index)].next = Self.none
        if tail == Self.none { head = handle.index } else { slots[Int(tail)].next = handle.index }
        tail = handle.index
    }

    /// Changes the element in place; nil when it was removed.
    package mutating func update<Result>(_ handle: Handle, _ body: (inout Element) -> Result) -> Result? {
        guard isLive(handle) else { return nil }
        return body(&slots[Int(handle.index)].element!)
    }

    /// The handle after `handle` in order; nil at the end or when it was removed.
    package func handle(after handle: Handle) -> Handle? {
        isLive(handle) ? self.handle(at: slots[Int(handle.index)].next) : nil
    }

    private func isLive(_ handle: Handle) -> Bool {
        Int(handle.index) < slots.count && slots[Int(handle.index)].serial == handle.serial
    }

    private func handle(at index: Int32) -> Handle? {
        index == Self.none ? nil : Handle(index: index, serial: slots[Int(index)].serial)
    }

    private mutating func unlink(_ index: Int32) {
        let (previous, next) = (slots[Int(index)].previous, slots[Int(index)].next)
        if previous == Self.none { head = next } else { slots[Int(previous)].next = next }
        if next == Self.none { tail = previous } else { slots[Int(next)].previous = previous }
    }
}

extension SlotList: Sequence {
    /// In order, oldest first.
    package struct Iterator: IteratorProtocol {
        fileprivate let slots: [Slot]
        fileprivate var index: Int32

        package mutating func next() -> Element? {
            guard index >= 0 else { return nil }
            let slot = slots[Int(index)]
            index = slot.next
            return slot.element
        }
    }

    package func makeIterator() -> Iterator { Iterator(slots: slots, index: head) }
}

extension SlotList.Slot: Sendable where Element: Sendable {}
extension SlotList: Sendable where Element: Sendable {}
