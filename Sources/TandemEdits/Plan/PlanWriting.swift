import TandemJSON

// Plans as JSON (EDITS.md, Plan): what `plan` answers, `edit` events show and `executePlan` takes.
extension EditPlan {
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("root_cause", ifPresent: rootCause)
        writer.member("strategy", ifPresent: strategy)
        writer.key("edits")
        writer.beginArray()
        for edit in edits { edit.write(to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    package var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

extension PlannedEdit {
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("file", file)
        writer.member("type", operation.name)
        switch operation {
        case .replace(let edit):
            writer.text("find", edit.find)
            writer.text("replace", edit.replace)
            switch edit.expected {
            case .count(1): break
            case .count(let count): writer.member("expected", count)
            case .all: writer.member("expected", "all")
            }
            writer.member("line_hint", ifPresent: edit.lineHint)
        case .addImport(let line): writer.text("import_line", line)
        case .addLine(let line, let position):
            writer.text("line_content", line)
            writer.key("position")
            position.write(to: &writer)
        case .removeLine(let find): writer.text("find", find)
        case .modelEdit(let action, let region):
            writer.member("action", action)
            if let region {
                writer.key("region")
                writer.beginObject()
                writer.member("start", region.start)
                writer.member("end", region.end)
                writer.endObject()
            }
        case .create(let content): writer.text("content", content)
        case .delete: break
        case .rename(let to): writer.member("to", to)
        }
        writer.endObject()
    }
}

extension LinePosition {
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .start: writer.string("start")
        case .end: writer.string("end")
        case .after(let anchor), .before(let anchor):
            writer.beginObject()
            if case .after = self { writer.text("after", anchor) } else { writer.text("before", anchor) }
            writer.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func text(_ name: StaticString, _ bytes: [UInt8]) {
        key(name)
        string(utf8: bytes)
    }
}
