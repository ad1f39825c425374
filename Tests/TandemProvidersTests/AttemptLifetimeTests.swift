import TandemBase
import TandemLoop
import TandemTestSupport
import Testing

@testable import TandemProviders

/// An attempt is held by its timer and its transfer; both let go of it on every way out.
@Suite struct AttemptLifetimeTests {
    @LoopActor
    private final class Hearer: AttemptDelegate {
        private(set) var ends = 0
        func attempt(_ attempt: any Attempt, produced delta: Delta) {}
        func attempt(_ attempt: any Attempt, finished result: Result<Completion, UpstreamFailure>) { ends += 1 }
    }

    @LoopActor
    private final class Watched {
        weak var attempt: (any Attempt)?
        let hearer = Hearer()
    }

    enum Way: CaseIterable {
        case answered, streamed, failed, unreachable, silent, cancelled, cancelledBeforeItsStart
    }

    @Test(arguments: Way.allCases)
    func nothingHoldsAnEndedAttempt(way: Way) throws {
        let upstream = try ScriptedUpstream { _ in
            switch way {
            case .answered: .chat("whole")
            case .streamed: .stream(["a", "b"])
            case .failed: .failure(500)
            default: .hang
            }
        }
        let bench = try Bench(way == .unreachable ? "http://127.0.0.1:9/v1" : upstream.baseURL) {
            $0.timeouts.firstToken = way == .silent ? .milliseconds(50) : .seconds(10)
        }
        let state = bench.state
        let watched = try onLoop {
            let watched = Watched()
            var prompt = Prompt(messages: Array("[]".utf8)[...])
            prompt.wantsStream = way != .answered
            let attempt = state.registry.providers[0].makeAttempt(prompt, state.models[0], watched.hearer)
            watched.attempt = attempt
            if way != .cancelledBeforeItsStart { attempt.start() }
            return watched
        }
        if way == .cancelled {
            _ = try #require(upstream.request())
            try onLoop { watched.attempt?.cancel() }
        }
        #expect(try onLoopEventually { watched.attempt == nil })
        let isCancelled = way == .cancelled || way == .cancelledBeforeItsStart
        #expect(try onLoop { watched.hearer.ends } == (isCancelled ? 0 : 1))
    }
}
