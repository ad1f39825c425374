import Glibc
import TandemBase
import TandemJSON

/// The most bytes of one linked file that go into a prompt.
private let linkedFileLimit = 1 << 20

/// A prompt's content blocks, read. Files that it mentions are kept apart from its words, because a plan wants them as
/// documents and a chat as text.
struct ACPPromptContent {
    struct File {
        /// Absolute.
        var path: String
        var text: String
    }

    /// What the person wrote.
    var text = ""
    /// Linked or embedded files with their text.
    var files: [File] = []
    /// Embedded texts that are no files, and mentions of what could not be read.
    var context: [String] = []
    /// `data:` URLs.
    var images: [String] = []

    /// The user's message of a chat.
    var message: [UInt8] {
        object { writer in
            writer.member("role", "user")
            writer.key("content")
            writeContent(to: &writer)
        }
    }

    /// A string, or parts where there are images.
    private func writeContent(to writer: inout JSONWriter) {
        let text = chatText
        guard !images.isEmpty else { return writer.string(text) }
        writer.beginArray()
        writer.raw(
            object { writer in
                writer.member("type", "text")
                writer.member("text", text)
            })
        for image in images {
            writer.raw(
                object { writer in
                    writer.member("type", "image_url")
                    writer.member("image_url", raw: object { $0.member("url", image) })
                })
        }
        writer.endArray()
    }

    var chatText: String {
        ([text] + files.map { fenced($0.text, name: $0.path) } + context).filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }
}

extension ACPServer {
    /// Reads the blocks of `session/prompt`; linked files through the editor where it can, else from the disk.
    func readPrompt(_ blocks: JSONValue, _ session: ACPSession) async throws(EditorError) -> ACPPromptContent {
        var content = ACPPromptContent()
        for block in blocks.elements {
            switch block["type"]?.string {
            case "text": content.text += (content.text.isEmpty ? "" : "\n") + (block["text"]?.string ?? "")
            case "resource_link": await readLink(block, session, into: &content)
            case "resource":
                guard let resource = block["resource"], let uri = resource["uri"]?.string else {
                    throw .invalidParams("an embedded resource has no uri")
                }
                embed(resource, uri, into: &content)
            case "image":
                guard let data = block["data"]?.string, let type = block["mimeType"]?.string else {
                    throw .invalidParams("an image needs data and mimeType")
                }
                content.images.append("data:\(type);base64,\(data)")
            case let type:
                throw .invalidParams("content of type \(type ?? "nothing") is not supported: see promptCapabilities")
            }
        }
        return content
    }

    private func readLink(_ block: JSONValue, _ session: ACPSession, into content: inout ACPPromptContent) async {
        let uri = block["uri"]?.string ?? ""
        let name = block["name"]?.string ?? uri
        guard let path = filePath(uri) else { return content.context.append("(The user mentions \(name): \(uri))") }
        if let text = try? await readFile(path, session), text.utf8.count <= linkedFileLimit {
            content.files.append(ACPPromptContent.File(path: path, text: text))
        } else {
            content.context.append("(The user mentions \(name), \(path), which could not be read as text.)")
        }
    }

    private func embed(_ resource: JSONValue, _ uri: String, into content: inout ACPPromptContent) {
        let type = resource["mimeType"]?.string ?? ""
        if let text = resource["text"]?.string {
            if let path = filePath(uri), !uri.contains("#") {
                content.files.append(ACPPromptContent.File(path: path, text: text))
            } else {
                content.context.append(fenced(text, name: uri))
            }
        } else if let blob = resource["blob"]?.string, type.hasPrefix("image/") {
            content.images.append("data:\(type);base64,\(blob)")
        } else {
            content.context.append("(The user attached \(uri), which is not text.)")
        }
    }

    /// A file's text as the editor has it, unsaved changes included; from the disk where the editor does not offer
    /// that. `path` is absolute.
    func readFile(_ path: String, _ session: ACPSession) async throws(EditorError) -> String {
        if canReadFiles {
            let result = try await editor.call("fs/read_text_file") { writer in
                writer.member("sessionId", session.id)
                writer.member("path", path)
            }
            guard let text = result["content"]?.string else { throw EditorError(-32603, "the editor sent no content") }
            return text
        }
        guard let bytes = readDisk(path), let text = String(validating: bytes, as: UTF8.self) else {
            throw EditorError(-32603, "\(path) is not a readable text file")
        }
        return text
    }
}

/// A regular file's bytes; nil when there is none that can be read, or it is larger than 20 MiB.
func readDisk(_ path: String) -> [UInt8]? {
    guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NONBLOCK) else { return nil }
    var status = stat()
    guard fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= inputLimit else {
        return nil
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while bytes.count <= inputLimit {
        let count = read(file.raw, &buffer, buffer.count)
        if count <= 0 { return count == 0 ? bytes : nil }
        bytes += buffer[..<count]
    }
    return nil
}

/// The path of a file URI (RFC 8089), without its fragment; an absolute path is taken as it is. Nil for anything else.
func filePath(_ uri: String) -> String? {
    if uri.hasPrefix("/") { return uri }
    guard uri.hasPrefix("file://") else { return nil }
    var rest = uri.dropFirst("file://".count)
    if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
    guard rest.hasPrefix("/") else { return nil }
    let path = rest.prefix { $0 != "#" && $0 != "?" }
    var bytes: [UInt8] = []
    var iterator = path.utf8.makeIterator()
    while let byte = iterator.next() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = iterator.next(), let low = iterator.next(),
            let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
}

/// A file URI.
func fileURI(_ path: String) -> String {
    let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
    var text = "file://"
    for byte in path.utf8 {
        if plain.contains(byte) {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return text
}

/// `path` as seen from `folder`; nil when it is not below it.
func relativePath(_ path: String, below folder: String) -> String? {
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    guard path.hasPrefix(base), path.count > base.count else { return nil }
    let relative = String(path.dropFirst(base.count))
    return relative.split(separator: "/").contains("..") ? nil : relative
}
