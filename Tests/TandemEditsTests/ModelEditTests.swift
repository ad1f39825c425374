import TandemEdits
import Testing

struct ModelEditTests {
    private let file = (1...20).map { "line \($0)\n" }.joined()

    private func request(_ region: LineRegion?, _ action: String = "change it") throws -> ModelEditRequest {
        let outcome = resolve(file, .modelEdit(action: action, region: region)).outcomes[0]
        return try #require(outcome.request)
    }

    private func fault(_ request: ModelEditRequest, _ answer: String, _ reason: String? = "stop") -> String? {
        do throws(EditFault) {
            _ = try request.validate(answer: answer, finishReason: reason)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func asksAndTakesTheAnswer() throws {
        let operation = EditOperation.modelEdit(action: "double it", region: LineRegion(start: 3, end: 5))
        let request = try request(LineRegion(start: 3, end: 5))
        #expect(request.regionText == "line 3\nline 4\nline 5\n")
        #expect(request.contextBefore == "line 1\nline 2\n")
        #expect(request.prompt.contains("line 4"))
        let answer = try request.validate(answer: "Sure.\n```\nline 3\nline four\nline 5\n```\n", finishReason: "stop")
        let (text, outcomes) = resolve(file, operation, replace("line 3\n", "line three\n"), answers: [0: answer])
        #expect(text == file.replacing("line 4\n", with: "line four\n").replacing("line 3\n", with: "line three\n"))
        #expect(outcomes[0].match == .model)
        #expect(outcomes[0].line == 4)
    }

    @Test func keepsEndings() throws {
        let crlf = "a\r\nb\r\nc"
        let edit = EditOperation.modelEdit(action: "x", region: nil)
        let request = try #require(resolve(crlf, edit).outcomes[0].request)
        let answer = try request.validate(answer: "````\na\nB\nB2\nc\n````", finishReason: nil)
        #expect(resolve(crlf, edit, answers: [0: answer]).text == "a\r\nB\r\nB2\r\nc")
    }

    @Test func refusesBadAnswers() throws {
        let request = try request(LineRegion(start: 3, end: 8))
        let whole = "line 3\nline 4\nline 5\nline 6\nline 7\nline 8\n"
        #expect(fault(request, "```\n\(whole)```") == nil)
        #expect(fault(request, "```\n\(whole)```", "length")?.contains("cut off") == true)
        #expect(fault(request, whole)?.contains("no fenced block") == true)
        #expect(fault(request, "```\n\(whole)")?.contains("not closed") == true)
        #expect(fault(request, "```\nline 3\n# ... rest unchanged ...\n```")?.contains("leaves code out") == true)
        #expect(fault(request, "```\nline 3\nline 4\nline 5\n```")?.contains("drops 3") == true)
        #expect(fault(request, "```\nline 1\nline 2\n\(whole)```")?.contains("before the region") == true)
        #expect(fault(request, "```\n\(whole)line 9\n```")?.contains("after the region") == true)
        let removing = try self.request(LineRegion(start: 3, end: 8), "Remove lines 4 to 8")
        #expect(fault(removing, "```\nline 3\n```") == nil)
    }

    /// Only what stands before the answer is a trace: code may hold the tags.
    @Test func tagsOfTracesWithinCodeAreCode() throws {
        let request = try request(LineRegion(start: 3, end: 4))
        let code = "open = \"<think>\"\nclose = \"</think>\"\n"
        for trace in ["", "<think>\n```\nwrong\n```\n</think>\n", "Perhaps\n```\nwrong\n```\n</think>\n"] {
            let answer = try request.validate(answer: trace + "Sure.\n```\n" + code + "```\n", finishReason: "stop")
            #expect(String(decoding: answer, as: UTF8.self) == code, "after \(trace)")
        }
        #expect(fault(request, "<think>\n```\nline 3\nline 4\n```\n")?.contains("no fenced block") == true)
    }

    @Test func aBlockThatMayHaveEndedEarlyIsRefused() throws {
        let request = try request(nil)
        let answer = "```\n\(file)```python\nx = 1\n```\n"
        #expect(fault(request, answer)?.contains("more backticks") == true)
        #expect(fault(request, "`" + answer.dropLast() + "`\n") == nil)
    }

    @Test func regionsMustBeInTheFile() {
        let outcome = resolve(file, .modelEdit(action: "x", region: LineRegion(start: 3, end: 99))).outcomes[0]
        #expect(outcome.fault?.kind == .invalidRegion)
    }

    @Test func adaptiveModeAsksForARescueAtTheNearestBlock() throws {
        let edit = replace("line 9\nline ten\n", "line 9\nline 10!\n")
        let outcome = resolve(file, edit, mode: .adaptive).outcomes[0]
        #expect(outcome.status == .failed)
        let request = try #require(outcome.request)
        #expect(request.isRescue)
        #expect(request.region.start <= 9 && request.region.end >= 10)
        #expect(resolve(file, edit, mode: .hybrid).outcomes[0].request == nil)
    }

    /// What the edit's own texts say is code, not a wish: only as many lines may go as the edit takes away.
    @Test func aRescueDropsWhatItsEditDrops() throws {
        func dropped(_ edit: EditOperation, _ answer: String) throws -> String? {
            let request = try #require(resolve(file, edit, mode: .adaptive).outcomes[0].request)
            return fault(request, "````\n\(answer)````")
        }
        let same = replace("line 9\nten.strip()\n", "line 9\n10.strip()\n")
        let region = (6...13).map { "line \($0)\n" }
        #expect(try dropped(same, region.joined()) == nil)
        #expect(try dropped(same, region.prefix(4).joined())?.contains("drops 4") == true)
        let fewer = replace("line 8\nline 9\nline ten\nline 11\nline 12\n", "line eight\n")
        #expect(try dropped(fewer, "line 5\nline 6\nline 7\nline eight\nline 13\nline 14\nline 15\n") == nil)
    }

    /// Blanks that a model left out make a line no less like; what is like nothing has the whole of a short file.
    @Test func aRescueHasARegionWhereverItCan() throws {
        let spaced = "a = 1\n" + file + "total = 3\n"
        let near = resolve(spaced, replace("total=3", "total=4"), mode: .adaptive).outcomes[0]
        #expect(near.request?.region.end == FileText(Array(spaced.utf8)).lineCount)
        let strange = resolve(file, replace("?!", "!?"), mode: .adaptive).outcomes[0]
        #expect(strange.request?.region == LineRegion(start: 1, end: FileText(Array(file.utf8)).lineCount))
        let long = String(repeating: "some line\n", count: 1000)
        #expect(resolve(long, replace("?!", "!?"), mode: .adaptive).outcomes[0].request == nil)
    }

    @Test func aRescueThatChangesNothingHasFailed() throws {
        let edit = replace("line 9\nline ten\n", "line 9\nline 10!\n")
        let request = try #require(resolve(file, edit, mode: .adaptive).outcomes[0].request)
        let items = [FileResolver.Item(index: 0, operation: edit)]
        let resolution = FileResolver.resolve(
            path: "f", bytes: Array(file.utf8), items: items, mode: .adaptive,
            answers: [0: Array(request.regionText.utf8)])
        #expect(resolution.outcomes[0].status == .failed && resolution.outcomes[0].fault?.kind == .notFound)
    }

    @Test func importsThatOverlapFailTogether() {
        let (text, outcomes) = resolve(
            "from m import a\nx\n", addImport("from m import b"), addImport("import os"),
            replace("import a\nx", "import c\ny"), path: "a.py")
        #expect(text == "from m import a\nx\n")
        #expect(outcomes.allSatisfy { $0.fault?.kind == .overlap })
    }
}

struct EditPropertyTests {
    /// A unique quote is always found, and nothing beside it changes.
    @Test func exactUniqueQuotesAlwaysApply() {
        var generator = SeededGenerator(state: 11)
        var applied = 0
        for _ in 0..<400 {
            let text = randomText(&generator, lines: 20, endings: ["\n", "\r\n"])
            guard text.count > 4 else { continue }
            let start = Int.random(in: 0..<text.count - 1, using: &generator)
            let end = Int.random(in: start + 1...min(text.count, start + 30), using: &generator)
            let quote = Array(text[start..<end])
            let new = Array("NEW".utf8)
            let isUnique = (0...text.count - quote.count).count { text[$0...].starts(with: quote) } == 1
            let result = FileResolver.resolve(
                path: "a", bytes: text,
                items: [.init(index: 0, operation: .replace(Replacement(find: quote, replace: new)))], mode: .hybrid)
            if isUnique {
                applied += 1
                #expect(result.bytes == Array(text[..<start]) + new + text[end...])
                #expect(result.outcomes[0].match == .exact)
            } else {
                #expect(result.bytes == text)
                #expect(result.outcomes[0].fault?.kind == .ambiguous)
            }
        }
        #expect(applied > 100)
    }

    /// Many patterns at once find what each finds alone.
    @Test func searchTogetherIsSearchAlone() {
        var generator = SeededGenerator(state: 5)
        for _ in 0..<30 {
            let text = randomText(&generator, lines: 60)
            guard text.count > 20 else { continue }
            let operations = (0..<60).map { _ -> EditOperation in
                let start = Int.random(in: 0..<text.count - 1, using: &generator)
                let end = Int.random(in: start + 1...min(text.count, start + 24), using: &generator)
                return .replace(
                    Replacement(find: Array(text[start..<end]), replace: [0x21], expected: .all))
            }
            let alone = operations.map { operation in
                FileResolver.resolve(
                    path: "a", bytes: text, items: [.init(index: 0, operation: operation)], mode: .hybrid
                ).outcomes[0]
            }
            let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
            let together = FileResolver.resolve(path: "a", bytes: text, items: items, mode: .hybrid)
            for (one, other) in zip(alone, together.outcomes) {
                #expect(one.line == other.line || other.fault?.kind == .overlap)
                #expect(one.match == other.match || other.fault?.kind == .overlap)
            }
        }
    }

    /// The order of a snapshot's edits does not matter.
    @Test func orderDoesNotMatter() {
        var generator = SeededGenerator(state: 23)
        for _ in 0..<100 {
            let text = String(decoding: randomText(&generator, lines: 30), as: UTF8.self)
            var operations = [
                replace("0", "zero"), addLine("end"), removeLine("x4"), addBefore("}", "before"), replace("é", "e"),
                removeLine("b8"), replace("c12\n", "c\nd\n"),
            ]
            func run() -> String {
                let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
                let result = FileResolver.resolve(path: "a", bytes: Array(text.utf8), items: items, mode: .hybrid)
                return String(decoding: result.bytes, as: UTF8.self)
            }
            let first = run()
            operations.shuffle(using: &generator)
            #expect(run() == first)
        }
    }

    /// Ten thousand edits that are all wrong take no longer than ones that are right.
    @Test func manyWrongEditsAreCheapToo() {
        let line = "let value = compute(index, with: \"text\")\n"
        let file = String(repeating: line, count: 5000)
        let operations = (0..<5000).map { replace("let valuf\($0) = compute(", "x") }
        let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
        let started = ContinuousClock.now
        let result = FileResolver.resolve(path: "a", bytes: Array(file.utf8), items: items, mode: .adaptive)
        print("5,000 wrong edits of \(file.utf8.count) bytes: \(ContinuousClock.now - started)")
        #expect(result.outcomes.allSatisfy { $0.fault?.kind == .notFound })
    }
}
