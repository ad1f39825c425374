import Glibc
import TandemJSON

/// The content of one message: text, and images where there are any.
struct MessageContent {
    var text: String
    var images: [Image] = []

    struct Image {
        var type: StaticString
        var bytes: [UInt8]
    }

    func write(to writer: inout JSONWriter) {
        guard !images.isEmpty else { return writer.string(text) }
        writer.beginArray()
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", text)
        writer.endObject()
        for image in images {
            writer.beginObject()
            writer.member("type", "image_url")
            writer.key("image_url")
            writer.beginObject()
            writer.member("url", "data:\(image.type);base64,\(base64(image.bytes))")
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }
}

/// What the user wants to ask: the arguments, then stdin where it is a pipe or a file, then the attachments.
struct ChatPrompt {
    private(set) var content = MessageContent(text: "")

    var isEmpty: Bool { content.text.isEmpty && content.images.isEmpty }

    init(_ invocation: Invocation) throws(Failure) {
        let words = invocation.operands.filter { $0 != "-" }
        var parts = words.isEmpty ? [] : [words.joined(separator: " ")]
        if invocation.operands.contains("-") || Self.stdinIsPiped() {
            let bytes = try readInput("stdin", STDIN_FILENO)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure("stdin is not UTF-8 text") }
            let trimmed = text.trimmingNewlines
            if !trimmed.isEmpty { parts.append(trimmed) }
        }
        for path in invocation.values("file") {
            let bytes = try readFile(path)
            if let type = imageType(bytes) {
                content.images.append(MessageContent.Image(type: type, bytes: bytes))
            } else if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) {
                parts.append(fenced(text, name: path))
            } else {
                throw Failure("\(path) is neither text (UTF-8) nor a png, jpeg, gif or webp image")
            }
        }
        content.text = parts.joined(separator: "\n\n")
    }

    /// A pipe, a file or a socket: somebody put something there. /dev/null and terminals are nothing to wait for.
    private static func stdinIsPiped() -> Bool {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        return [S_IFIFO, S_IFREG, S_IFSOCK].contains(status.st_mode & S_IFMT)
    }
}

/// A file's text in a fence that no run of backticks in it can close.
func fenced(_ text: String, name: String) -> String {
    var longest = 0
    var run = 0
    for byte in text.utf8 {
        run = byte == UInt8(ascii: "`") ? run + 1 : 0
        longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(name)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)"
}

/// The media type by the file's first bytes.
private func imageType(_ bytes: [UInt8]) -> StaticString? {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) { return "image/gif" }
    if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) { return "image/webp" }
    return nil
}

/// RFC 4648, with padding.
func base64(_ bytes: [UInt8]) -> String {
    let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { buffer in
        var count = 0
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            let group =
                UInt32(bytes[start]) << 16 | (left > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[start + 2]) : 0)
            for index in 0..<4 {
                let digit = alphabet.utf8Start[Int(group >> UInt32(18 - 6 * index) & 63)]
                buffer[count] = index <= left ? digit : UInt8(ascii: "=")
                count += 1
            }
        }
        return count
    }
}

extension String {
    /// Without line ends at its end.
    var trimmingNewlines: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text.removeLast() }
        return String(text)
    }
}
