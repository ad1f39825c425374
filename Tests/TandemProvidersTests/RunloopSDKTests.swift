import TandemTestSupport
import Testing

@testable import TandemProviders

/// The virtual environment with `runloop_api_client` that `scripts/test-runloop-sdk` makes.
private let sdk = PythonSDK(variable: "TANDEM_TEST_RUNLOOP")

/// Runloop's own SDK against the script that our tests use: what it takes for the API, so may they.
@Suite(.enabled(if: sdk != nil, "scripts/test-runloop-sdk runs it"))
struct RunloopSDKTests {
    private static let program = """
        import sys
        from runloop_api_client import Runloop

        client = Runloop(base_url=sys.argv[1], bearer_token=sys.argv[2], max_retries=0)
        box = client.devboxes.retrieve("box-1")
        assert box.status == "suspended", box
        client.devboxes.resume("box-1")
        assert client.devboxes.await_running("box-1").status == "running"
        run = client.devboxes.executions.execute_async("box-1", command="ollama run m", attach_stdin=True)
        executions = client.devboxes.executions
        for argument in ({"text": "hello\\n"}, {"signal": "EOF"}):
            assert executions.send_std_in(run.execution_id, devbox_id="box-1", **argument).success
        chunks = executions.stream_stdout_updates(run.execution_id, devbox_id="box-1")
        sys.stdout.write("".join(chunk.output for chunk in chunks))
        done = client.devboxes.wait_for_command(run.execution_id, devbox_id="box-1", statuses=["completed"])
        assert (done.status, done.exit_status, done.stderr) == ("completed", 0, "warned"), done
        killed = executions.kill(run.execution_id, devbox_id="box-1", kill_process_group=True)
        assert killed.exit_status == 137, killed
        made = client.devboxes.create(blueprint_id="bp-1", metadata={"a": "b"})
        assert made.id == "box-1" and client.devboxes.await_running(made.id).status == "running"
        assert [found.id for found in client.devboxes.list().devboxes] == ["box-7"]
        """

    @Test func theSDKFindsTheScriptToBeItsServer() throws {
        let sdk = try #require(sdk)
        var command = ScriptedDevbox.Command()
        command.cuts = [1, 2]
        command.stderr = "warned"
        let box = try ScriptedDevbox(command, status: "suspended")
        box.update {
            $0.others = [
                #"{"id":"box-7","status":"running","capabilities":[],"create_time_ms":1,"launch_parameters":{},"#
                    + #""metadata":{},"state_transitions":[]}"#
            ]
        }
        let (status, output) = try sdk.run(["-c", Self.program, box.rootURL, testKey])
        #expect(status == 0)
        // Across two cuts, and nothing of it twice: the offsets mean to the SDK what they mean here.
        #expect(output == "Vier – “4”\n")
        #expect(box.seen.input == "hello\n" && box.seen.gotEOF && box.seen.offsets == [0, 5, 16])
        #expect(box.seen.authorization == ["Bearer \(testKey)"] && box.seen.kills == [#"{"kill_process_group":true}"#])
    }
}
