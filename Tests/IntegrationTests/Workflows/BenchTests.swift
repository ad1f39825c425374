import TandemJSON
import TandemTestSupport
import Testing

/// `tandem bench workflow` against the real daemon: what it leaves in the database.
@Suite struct BenchTests {
    @Test func resultsAndPreferencesStandInTheDatabase() throws {
        let judge = Reply.stream(["The loop is right.\n", "SECOND"])
        let home = try WorkflowHome(
            "[models.r1sonqwen]\nworkflow = \"chain\"\nreasoner = \"r1\"\ncoder = \"qwen\"\n"
                + "[models.auto]\nworkflow = \"route\"\ncode = \"llama\"\ngeneral = \"llama\"\n",
            models: [
                "r1": [.stream(["plan"])], "qwen": [.stream(["by the chain"])], "llama": [.stream(["by the route"])],
                // The second time the answers stand the other way round.
                "judge": [judge, .stream(["FIRST"])],
            ])
        let prompts = try home.daemon.home.write("prompts.jsonl", "{\"prompt\":\"Write a poem about the sea\"}\n")
        let out = home.daemon.home.path + "/out"
        let child = try ChildProcess(
            [
                "/bin/sh", "-c",
                "'\(try builtProduct("tandem"))' bench workflow auto --against r1sonqwen -f \(prompts) --judge judge > \(out)",
            ], environment: home.daemon.home.environment)
        #expect(child.wait() == 0)
        let table = try home.daemon.home.read("out")
        #expect(table.contains("preferred    0 of 1  1 of 1\n"), "\(table)")
        #expect(home.server.calls == ["llama", "r1", "qwen", "judge", "judge"])
        #expect(try home.server.body("judge", 1)["messages"]?[1]?["content"]?.string?.contains("by the chain") == true)

        let stats = try JSONDocument(Array(home.daemon.client().call("stats", "{\"by\":\"workflow\"}").utf8)).root
        let rows = stats["result"]?["rows"]?.elements.map { $0 } ?? []
        func feedback(_ workflow: String) -> Double? {
            rows.first { $0["workflow"]?.string == workflow }?["feedback_mean"]?.double
        }
        #expect(feedback("chain") == 1 && feedback("route") == -1 && feedback("direct") == nil)
    }
}
