import TandemJSON

/// Looks for the top-level member `id` in the beginning of a message that was too large to keep. The prefix is cut
/// somewhere, so this walks it by hand: strings are skipped whole, depth is counted, and only a complete value right
/// behind `"id":` at the top level counts.
package func readRequestID(inPrefix prefix: [UInt8]) -> RPCID? {
    var depth = 0
    var index = 0
    var expectsKey = false
    while index < prefix.count {
        switch prefix[index] {
        case UInt8(ascii: "{"):
            depth += 1
            expectsKey = depth == 1
        case UInt8(ascii: "["):
            depth += 1
            if depth == 1 { return nil }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ","): expectsKey = depth == 1
        case UInt8(ascii: "\""):
            guard let end = stringEnd(prefix, index) else { return nil }
            let isIDKey = expectsKey && prefix[index...end].elementsEqual("\"id\"".utf8)
            expectsKey = false
            index = end
            if isIDKey { return valueAfterColon(prefix, end + 1) }
        default: break
        }
        index += 1
    }
    return nil
}

private func stringEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    var index = start + 1
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "\\") {
            index += 1
        } else if bytes[index] == UInt8(ascii: "\"") {
            return index
        }
        index += 1
    }
    return nil
}

private func valueAfterColon(_ bytes: [UInt8], _ start: Int) -> RPCID? {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    var index = start
    while index < bytes.count, isBlank(bytes[index]) || bytes[index] == UInt8(ascii: ":") { index += 1 }
    guard index < bytes.count else { return nil }
    let end: Int
    if bytes[index] == UInt8(ascii: "\"") {
        guard let last = stringEnd(bytes, index) else { return nil }
        end = last + 1
    } else {
        let stop = bytes[index...].firstIndex { isBlank($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") }
        guard let stop else { return nil }
        end = stop
    }
    return (try? JSONDocument(Array(bytes[index..<end]))).flatMap { RPCID($0.root) }
}
