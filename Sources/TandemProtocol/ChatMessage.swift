import TandemJSON

extension JSONWriter {
    /// A message of `messages`, of plain text.
    package mutating func message(_ role: StaticString, _ text: String) {
        beginObject()
        member("role", role)
        member("content", text)
        endObject()
    }
}
