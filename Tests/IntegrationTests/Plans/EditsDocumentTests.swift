import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Runs the examples of docs/edits.md: blocks marked `before FILE`, `plan`, `after FILE` and `conflict`.
@Suite struct EditsDocumentTests {
    private struct Block {
        var info: [String]
        var text: String
    }

    private static func blocks() throws -> [Block] {
        let root = #filePath.components(before: "/Tests/")
        let lines = String(decoding: try readFile(root + "/docs/edits.md"), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        var blocks: [Block] = []
        var open: Block?
        for line in lines {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open =
                    open == nil ? Block(info: line.dropFirst(3).split(separator: " ").map(String.init), text: "") : nil
            } else {
                open?.text += line + "\n"
            }
        }
        return blocks
    }

    @Test func everyExampleDoesWhatItSays() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.client()
        var files: [(String, String)] = []
        var answer: JSONValue?
        var plans = 0
        var compared = 0
        for block in try Self.blocks() {
            switch block.info.dropFirst().first {
            case "before": files.append((block.info[2], block.text))
            case "plan":
                plans += 1
                let documents = files.map { "{\"path\":\(quoted($0.0)),\"content\":\(quoted($0.1))}" }
                let plan = block.text.split(separator: "\n").joined()
                let params =
                    "{\"documents\":[\(documents.joined(separator: ","))],\"plan\":\(plan),\"mode\":\"hybrid\",\"verify\":\"none\"}"
                answer = try JSONDocument(Array(client.call("executePlan", params).utf8)).root
                files = []
            case "after":
                compared += 1
                let found = answer?.result?["files"]?.elements.first { $0["path"]?.string == block.info[2] }
                #expect(found?["content"]?.string == block.text, "\(block.info[2]): \(answer.map(masked) ?? "")")
            case "conflict":
                compared += 1
                let expected = try JSONDocument(Array(block.text.utf8)).root
                let edits = answer?["error"]?["data"]?["edits"]
                #expect(answer?.code == -32011 && edits?.count == expected.count)
                for (index, wanted) in expected.elements.enumerated() {
                    for (name, value) in wanted.members {
                        #expect(edits?[index]?[name].map(masked) == masked(value), "edit \(index), \(name)")
                    }
                }
            default: continue
            }
        }
        #expect(plans == 6 && compared == 7)
    }
}

extension String {
    fileprivate func components(before text: String) -> String {
        firstRange(of: text).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
