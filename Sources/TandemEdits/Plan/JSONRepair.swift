/// What models get wrong in JSON and what is safe to mend, because it can be meant in one way only: commas before a
/// closing bracket, raw control characters in strings, and escapes JSON does not know (`\d`, `\'`).
enum JSONRepair {
    static func repaired(_ json: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var inString = false
        var escaped = false
        for byte in json {
            if escaped {
                escaped = false
                switch byte {
                case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74, 0x75: output += [0x5C, byte]
                case 0x27: output.append(byte)
                case 0x0A: output += Array("\\n".utf8)
                default: output += [0x5C, 0x5C, byte]
                }
            } else if inString {
                switch byte {
                case 0x5C: escaped = true
                case 0x22:
                    inString = false
                    output.append(byte)
                case 0x0A: output += Array("\\n".utf8)
                case 0x0D: output += Array("\\r".utf8)
                case 0x09: output += Array("\\t".utf8)
                case 0..<0x20: break
                default: output.append(byte)
                }
            } else {
                if byte == 0x7D || byte == 0x5D { dropTrailingComma(&output) }
                if byte == 0x22 { inString = true }
                output.append(byte)
            }
        }
        return output
    }

    private static func dropTrailingComma(_ output: inout [UInt8]) {
        var last = output.count - 1
        while last >= 0, [0x20, 0x09, 0x0A, 0x0D].contains(output[last]) { last -= 1 }
        if last >= 0, output[last] == 0x2C { output.remove(at: last) }
    }
}
