/// Text as part of a URL's path: all but plain characters escaped. Names of models and devboxes come from clients and
/// settings; none of them may reach another path or a query.
func urlPathComponent(_ text: String, keepsSlashes: Bool = false) -> String {
    var escaped = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F:
            escaped.unicodeScalars.append(Unicode.Scalar(byte))
        case 0x2F where keepsSlashes: escaped += "/"
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            escaped += byte < 16 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return escaped
}
