import Foundation
import TandemJSON
import Testing

/// A repeatable generator (SplitMix64), so that a finding can be run again.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

struct DifferentialTests {
    /// A random document, as text.
    private func document(_ random: inout SeededRandom, depth: Int = 0) -> String {
        let blank = ["", "", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        func string() -> String {
            let pieces = [
                "a", "key", "é", "漢字", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", "\\u00e9", " ",
                "longer plain text",
            ]
            let count = Int.random(in: 0..<6, using: &random)
            return "\"" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "\""
        }
        let choice = Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &random)
        let value: String
        switch choice {
        case 0: value = ["null", "true", "false"].randomElement(using: &random) ?? "null"
        case 1: value = String(Int.random(in: -1000...1000, using: &random))
        case 2: value = String(Double.random(in: -1e6...1e6, using: &random))
        case 3, 4: value = string()
        case 5:
            let items = (0..<Int.random(in: 0..<5, using: &random)).map { _ in document(&random, depth: depth + 1) }
            value = "[" + items.joined(separator: ",") + blank + "]"
        default:
            // Names are numbered: Foundation and we may differ on duplicates.
            let members = (0..<Int.random(in: 0..<5, using: &random)).map { index in
                "\(blank)\"\(index)\(string().dropFirst()):" + document(&random, depth: depth + 1)
            }
            value = "{" + members.joined(separator: ",") + blank + "}"
        }
        return blank + value + blank
    }

    /// Whether the two libraries read the same out of a document.
    private func same(_ value: JSONValue, _ foundation: Any) -> Bool {
        switch value.kind {
        case .null: return foundation is NSNull
        case .bool: return (foundation as? NSNumber)?.boolValue == value.bool
        case .number:
            // Foundation is off by a few units in the last place.
            guard let number = value.double, let other = (foundation as? NSNumber)?.doubleValue else { return false }
            return abs(number - other) <= 1e-14 * max(abs(number), abs(other))
        case .string:
            guard let text = foundation as? String else { return false }
            return value.utf8 == Array(text.utf8)
        case .array:
            guard let items = foundation as? [Any], items.count == value.count else { return false }
            return zip(value.elements, items).allSatisfy { same($0, $1) }
        case .object:
            guard let members = foundation as? [String: Any], members.count == value.count else { return false }
            return value.members.allSatisfy { key, inner in members[key].map { same(inner, $0) } ?? false }
        }
    }

    /// Whether a number in it is beyond a double at either end.
    private func hasHugeExponent(_ value: JSONValue) -> Bool {
        if value.kind == .number {
            return value.double == nil || (value.double == 0 && value.raw.contains { $0 | 0x20 == 0x65 })
        }
        return value.elements.contains(where: hasHugeExponent)
            || value.rawMembers.contains { hasHugeExponent($0.value) }
    }

    @Test func readsWhatFoundationReads() throws {
        var random = SeededRandom(state: 1)
        for _ in 0..<1500 {
            let bytes = Array(document(&random).utf8)
            let ours = try JSONDocument(bytes).root
            let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(same(ours, theirs), "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    /// Mutated documents: what we accept Foundation accepts too, and reads alike; nothing crashes. The other way
    /// round Foundation is laxer (it takes a byte order mark, for one), so a refusal proves nothing there.
    @Test func acceptsNothingThatFoundationRefuses() throws {
        var random = SeededRandom(state: 2)
        let interesting =
            Array("{}[]\":,0123456789.eE+-\\u/tfn \n\t".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        var accepted = 0
        for _ in 0..<6000 {
            var bytes = Array(document(&random).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = interesting.randomElement(using: &random) ?? 0
                case 1: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: at)
                case 2: bytes.remove(at: at)
                default: bytes.removeSubrange(at...)
                }
            }
            guard let document = try? JSONDocument(bytes) else { continue }
            accepted += 1
            #expect(try JSONDocument(document.root.canonicalBytes).root.canonicalBytes == document.root.canonicalBytes)
            // What is implementation-defined (RFC 8259, sections 4, 6 and 8.2) is not compared.
            if document.root.duplicateKey != nil || bytes.contains(subsequence: "\\ud") { continue }
            if hasHugeExponent(document.root) { continue }
            guard let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) else {
                Issue.record("Foundation refuses \(String(decoding: bytes, as: UTF8.self))")
                continue
            }
            #expect(same(document.root, theirs), "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 200)
    }

    @Test func foundationReadsWhatWeWrite() throws {
        var random = SeededRandom(state: 3)
        for _ in 0..<500 {
            let value = try JSONDocument(Array(document(&random).utf8)).root
            let written = value.canonicalBytes
            let theirs = try JSONSerialization.jsonObject(with: Data(written), options: .fragmentsAllowed)
            #expect(same(value, theirs))
        }
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}
