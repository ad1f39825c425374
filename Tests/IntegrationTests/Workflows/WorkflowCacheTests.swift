import TandemJSON
import TandemTestSupport
import Testing

/// A workflow's answer in the response cache: as a whole, and only when all went well.
@Suite struct WorkflowCacheTests {
    private static let enabled = "[cache.responses]\nenabled = true"
    private static let use = ",\"cache\":\"use\""
    private static let only = ",\"cache\":\"only\""
    private static let route =
        "[models.w]\nworkflow = \"route\"\ncode = \"a\"\ngeneral = \"b\"\npolish = { model = \"b\" }\n"
    private static let chain = "[models.w]\nworkflow = \"chain\"\nreasoner = \"a\"\ncoder = \"b\"\n"
    private static let escalate = "[models.w]\nworkflow = \"escalate\"\ndefault = \"a\"\nreasoning = \"b\"\n"
    private static let expert = "[models.w]\nworkflow = \"expert\"\nrouter = \"a\"\ncoder = \"b\"\n"

    private func home(_ workflow: String, a: [Reply], b: [Reply], settings: String = enabled) throws -> WorkflowHome {
        try WorkflowHome(workflow, models: ["a": a, "b": b], settings: settings)
    }

    @Test func aHitIsTheWholeAnswerWithWhatWasSaidOfItAlsoAfterARestart() throws {
        let home = try home(Self.route, a: [.stream(["Hm."])], b: [.stream(["much ", "better"])])
        let first = try home.chat("w", more: Self.use)
        #expect(first.flag("polished") && !first.flag("cached"))
        func expectHit(_ chat: Transcript) {
            #expect(chat.content == "much better" && chat.flag("cached") && chat.flag("polished"))
            #expect(chat.result?["quality_issues"]?.count == first.result?["quality_issues"]?.count)
            #expect(chat.steps == ["draft a ok cached", "polish b ok cached"] && chat.notices == ["cached"])
            #expect(chat.result?["cost_usd"]?.double == 0)
        }
        expectHit(try home.chat("w", more: Self.use))
        home.daemon.stop()
        try home.daemon.start()
        expectHit(try home.chat("w", more: Self.only))
        #expect(home.server.calls == ["a", "b"])
        #expect(try home.ledger().row["cached"]?.bool == true)
        _ = try home.chat("w", more: ",\"cache\":\"refresh\"")
        _ = try home.chat("w", "other", more: Self.use)
        #expect(try home.chat("w", "a third", more: Self.only).errorCode == -32012)
        #expect(home.server.calls.count > 3)
    }

    @Test func onlyTheTemperatureOfTheRequestDecidesByItself() throws {
        let home = try home(Self.chain, a: [.stream(["plan"])], b: [.stream(["ok"])])
        #expect(try [home.chat("w"), home.chat("w")].allSatisfy { !$0.flag("cached") })
        let cold = ",\"temperature\":0"
        #expect(
            try [home.chat("w", more: cold), home.chat("w", more: cold)].map { $0.flag("cached") } == [false, true])
    }

    /// The branch of a split is part of what is asked.
    @Test func eachArmHasItsOwnAnswers() throws {
        let home = try home(
            Self.route + "code_share = 0.5\n", a: [.stream(["```swift\nlet a = 1\n```"])], b: [.stream(["general"])])
        for index in 0..<16 {
            let more = Self.use + ",\"session\":\"s\(index)\""
            let chat = try home.chat("w", more: more)
            let arm = try home.ledger().row["arm"]?.string
            #expect((chat.content == "general") == (arm == "general"))
        }
        #expect(Set(home.server.calls) == ["a", "b"] && home.server.calls.count == 2)
    }

    @Test func whatFellShortIsNotKept() throws {
        let down = Reply.failure(400)
        let signal = Reply.stream(["[USE_REASONING_MODEL]"])
        let cases: [(workflow: String, a: [Reply], b: [Reply], settings: String)] = [
            // The reasoner, the code model, the polish, the reasoning model down, and the reasoning limits.
            (Self.chain, [down], [.stream(["ok"])], ""), (Self.route, [down], [.stream(["ok"])], ""),
            (Self.route, [.stream(["Hm."])], [down], ""), (Self.escalate, [signal, .stream(["ok"])], [down], ""),
            (
                Self.escalate, [.stream(["ok [USE_REASONING_MODEL]"])], [.stream(["b"])],
                "\n[limits]\nreasoning_user = \"1/1h\""
            ),
            // May depend on files.
            (Self.expert, [.stream(["ok"])], [.stream(["b"])], ""),
        ]
        for (index, row) in cases.enumerated() {
            let home = try home(row.workflow, a: row.a, b: row.b, settings: Self.enabled + row.settings)
            if !row.settings.isEmpty { #expect(try home.chat("w", "first").flag("escalated")) }
            let chat = try home.chat("w", more: Self.use)
            #expect(chat.errorCode == nil && !chat.flag("cached"), "\(index)")
            #expect(try home.chat("w", more: Self.only).errorCode == -32012, "\(index)")
        }
    }
}
