// Prints the features of labelled prompts, for the trainer: one JSON object a line in, one out.
// In: {"text": "…"} or {"messages": [{"role": "user", "content": "…"}, …]}, with "label" ("code" or "general").
// Out: {"label": "code", "features": [1, 0, …]}, behind a first line with the features' names.
import Glibc
import TandemJSON
import TandemText

func turns(_ line: JSONValue) -> [CodeClassifier.Turn] {
    line["messages"].map(CodeClassifier.turns) ?? [.init(.user, line["text"]?.string ?? "")]
}

func stop(_ problem: String) -> Never {
    let line = Array((problem + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}

var header = JSONWriter()
header.beginArray()
for feature in CodeFeature.allCases {
    header.beginObject()
    header.member("name", "\(feature)")
    header.member("words", feature.words)
    header.member("sign", feature.speaksForCode.map { $0 ? 1 : -1 } ?? 0)
    header.endObject()
}
header.endArray()
print(String(decoding: header.bytes, as: UTF8.self))

while let text = readLine() {
    guard !text.isEmpty else { continue }
    let line: JSONValue
    do throws(JSONError) {
        line = try JSONDocument(Array(text.utf8)).root
    } catch {
        stop("not JSON: \(text.prefix(80)) (\(error))")
    }
    guard let features = CodeClassifier.shipped.features(turns(line)), let label = line["label"]?.string else {
        stop("a line needs \"label\" and \"text\" or \"messages\": \(text.prefix(80))")
    }
    var row = JSONWriter()
    row.beginObject()
    row.member("label", label)
    row.key("features")
    row.beginArray()
    for value in features.values { row.double(value) }
    row.endArray()
    row.endObject()
    print(String(decoding: row.bytes, as: UTF8.self))
}
