/// Bytes of one JSON value that are kept; a plan beyond that is no plan.
private let valueLimit = 32 << 20

/// Finds JSON objects in running text as they come, and the elements of their `edits` arrays as soon as each is whole.
struct JSONElementScanner: Sendable {
    enum Found: Sendable {
        /// One whole element of an `edits` array (or of an array that stands alone).
        case element([UInt8])
        /// A whole value that stood by itself in the text.
        case value([UInt8])
    }

    private var buffer: [UInt8] = []
    /// The open brackets; an empty stack is running text.
    private var stack: [UInt8] = []
    /// Within a value's string.
    private(set) var isInString = false
    private var escaped = false
    private var stringStart = 0
    private var lastString: Range<Int>?
    /// How deep the edits array stands, once inside of it.
    private var editsDepth: Int?
    private var elementStart: Int?
    private var started = false

    /// A value has begun and not ended.
    var isOpen: Bool { !stack.isEmpty }

    mutating func feed(_ bytes: [UInt8]) -> [Found] {
        var found: [Found] = []
        for byte in bytes {
            if stack.isEmpty {
                if byte == 0x7B || byte == 0x5B { open(byte) }
                continue
            }
            buffer.append(byte)
            if buffer.count > valueLimit {
                abandon()
                continue
            }
            if !started, ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                started = true
                // `{x}` or `[1]` in prose: a plan's object begins with a name, its array with an object.
                let isPlausible = stack[0] == 0x7B ? byte == 0x22 : byte == 0x7B
                if !isPlausible {
                    abandon()
                    if byte == 0x7B || byte == 0x5B { open(byte) }
                    continue
                }
            }
            step(byte, &found)
        }
        return found
    }

    private mutating func open(_ byte: UInt8) {
        buffer = [byte]
        stack = [byte]
        editsDepth = byte == 0x5B ? 1 : nil
    }

    private mutating func abandon() {
        self = JSONElementScanner()
    }

    private mutating func step(_ byte: UInt8, _ found: inout [Found]) {
        if escaped {
            escaped = false
        } else if isInString {
            if byte == 0x5C { escaped = true }
            if byte == 0x22 {
                isInString = false
                lastString = stringStart..<buffer.count - 1
            }
        } else {
            switch byte {
            case 0x22:
                isInString = true
                stringStart = buffer.count
            case 0x7B, 0x5B:
                stack.append(byte)
                if byte == 0x5B, editsDepth == nil, let key = lastString, buffer[key].elementsEqual("edits".utf8) {
                    editsDepth = stack.count
                } else if byte == 0x7B, let editsDepth, stack.count == editsDepth + 1 {
                    elementStart = buffer.count - 1
                }
                lastString = nil
            case 0x7D, 0x5D:
                stack.removeLast()
                if let editsDepth, let start = elementStart, stack.count == editsDepth {
                    found.append(.element(Array(buffer[start...])))
                    elementStart = nil
                }
                if let depth = editsDepth, stack.count < depth, depth > 1 { editsDepth = nil }
                if stack.isEmpty {
                    if buffer.first == 0x7B { found.append(.value(buffer)) }
                    abandon()
                }
            case 0x2C: lastString = nil
            default: break
            }
        }
    }
}
