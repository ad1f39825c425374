import TandemJSON
import TandemProtocol
import TandemText

/// The most prompts of one comparison: each is several upstream calls.
private let promptLimit = 10_000

/// One line of the prompts' file.
struct BenchPrompt {
    let line: Int
    /// The conversation, as `chat` takes it.
    let messages: [UInt8]
    /// What the judge is shown of it.
    let text: String
    /// What its answers are judged by. Where no code is asked for, a few words may be all there is to say.
    let check: QualityCheck

    /// JSON lines; empty ones are passed over, and so are members that mean nothing here.
    static func read(_ path: String) throws(Failure) -> [BenchPrompt] {
        try parse(readFile(path), name: path)
    }

    static func parse(_ bytes: [UInt8], name: String) throws(Failure) -> [BenchPrompt] {
        var prompts: [BenchPrompt] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let place = "\(name):\(index + 1)"
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONDocument(Array(line)).root
            } catch {
                throw Failure("\(place): not JSON (\(error.reason), at column \(error.offset + 1))")
            }
            prompts.append(try BenchPrompt(value, line: index + 1, place))
            guard prompts.count <= promptLimit else {
                throw Failure("\(place): more than \(humanCount(promptLimit)) prompts: send a part of them")
            }
        }
        guard !prompts.isEmpty else { throw Failure("\(name): there is no prompt in it") }
        return prompts
    }

    private init(_ value: JSONValue, line: Int, _ place: String) throws(Failure) {
        self.line = line
        let asksForCode: Bool
        if let given = value["messages"] {
            guard given.count > 0, given.elements.allSatisfy({ $0["role"]?.string != nil }) else {
                throw Failure("\(place): messages: expected an array of messages, each with a role")
            }
            messages = Array(given.raw)
            text = given.elements.map { message in
                let parts = message["content"]?.elements.compactMap { $0["text"]?.string } ?? []
                return
                    "\(message["role"]?.string ?? ""): \(message["content"]?.string ?? parts.joined(separator: "\n"))"
            }.joined(separator: "\n\n")
            asksForCode = CodeClassifier.shipped.classify(messages: given).isCode
        } else {
            guard let text = (value["prompt"] ?? value["text"])?.string, !text.isEmpty else {
                throw Failure("\(place): expected an object with prompt or text, a string, or messages, an array")
            }
            self.text = text
            var writer = JSONWriter(reserving: text.utf8.count + 64)
            writer.beginArray()
            writer.message("user", text)
            writer.endArray()
            messages = writer.bytes
            asksForCode = CodeClassifier.shipped.classify(text).isCode
        }
        check = QualityCheck(codeAsked: asksForCode, minLength: asksForCode ? QualityCheck.defaultMinLength : 1)
    }
}
