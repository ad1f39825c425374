import Glibc
import Synchronization
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@testable import tandem_http

@Suite struct DoorTests {
    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:4141", "localhost", "LocalHost:80", "[::1]", "[::1]:4141", "192.168.1.2:1",
    ])
    func addressesAreServed(_ host: String) { #expect(Gatekeeper.refusal(host: host, origin: nil) == nil) }

    @Test(arguments: [
        nil, "", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.0.0.1:x", "127.0.0.1:99999",
        "1.2.3", "1.2.3.256", "[::1", "[::1]x", "[example]", "localhost:", "a@localhost",
    ])
    func namesAreNot(_ host: String?) { #expect(Gatekeeper.refusal(host: host, origin: nil)?.status == 403) }

    @Test func originsOfOthersAreRefused() {
        let host = "127.0.0.1:4141"
        #expect(Gatekeeper.refusal(host: host, origin: "http://127.0.0.1:4141") == nil)
        for origin in ["http://127.0.0.1:4142", "https://127.0.0.1:4141", "null", "http://example.com", ""] {
            #expect(Gatekeeper.refusal(host: host, origin: origin)?.status == 403, "\(origin)")
        }
    }

    @Test func theTokenHasToMatch() {
        let token = Secret("tandem-0123456789")
        for good in ["Bearer tandem-0123456789", "bearer  tandem-0123456789"] {
            #expect(Gatekeeper.refusal(authorization: good, token: token) == nil)
        }
        for bad in [
            nil, "", "Bearer", "Bearer ", "Bearer tandem-012345678", "Basic tandem-0123456789", "tandem-0123456789",
        ] {
            #expect(Gatekeeper.refusal(authorization: bad, token: token)?.status == 401, "\(bad ?? "nil")")
        }
    }

    @Test func theCommandLine() throws {
        let options = try Options(["--listen", "a:1", "--listen=/b", "--socket=/s", "--show-token"])
        #expect(options.listen == ["a:1", "/b"] && options.socket == "/s" && options.showsToken)
        for wrong in [["--listen"], ["--lisen", "x"], ["x"]] {
            #expect { try Options(wrong) } throws: { ($0 as? StartFailure)?.status == 2 }
        }
        for address in ["4141", "127.0.0.1:x", "127.0.0.1:99999", "no.such.host.invalid:1"] {
            #expect { try Listener(address) } throws: { ($0 as? StartFailure)?.status == 2 }
        }
    }

    @Test func aLiveSocketIsNotTaken() throws {
        let home = try TemporaryHome()
        let path = home.path + "/http.sock"
        let first = try Listener(path)
        defer { first.remove() }
        #expect { try Listener(path) } throws: { ($0 as? StartFailure)?.message.contains("in use") == true }
        try home.write("file", "precious")
        #expect { try Listener(home.path + "/file") } throws: { $0 is StartFailure }
        #expect(try home.read("file") == "precious")
    }

    /// A byte now and then is no request.
    @Test func whoTakesTooLongIsCutOff() throws {
        let alarms = Mutex<[TimeSpan]>([])
        let arrivals = Arrivals { time in alarms.withLock { $0.append(time) } }
        let start = MonotonicTime.now()
        var pairs: [[Int32]] = []
        defer { for socket in pairs.joined() { close(socket) } }
        for second in 0..<3 {
            var pair: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            pairs.append(pair)
            arrivals.began(pair[0], now: start + .seconds(second))
        }
        func isCutOff(_ index: Int) -> Bool {
            var byte: UInt8 = 0
            return recv(pairs[index][1], &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }
        arrivals.ended(pairs[1][0])
        arrivals.sweep(now: start + .seconds(119))
        #expect(!isCutOff(0) && !isCutOff(1) && !isCutOff(2))
        arrivals.sweep(now: start + .seconds(121))
        #expect(isCutOff(0) && !isCutOff(1) && !isCutOff(2))
        arrivals.sweep(now: start + .seconds(122))
        #expect(!isCutOff(1) && isCutOff(2))
        #expect(alarms.withLock { $0 } == [.minutes(2), .seconds(1), .seconds(1)], "none without anybody to wait for")
    }

    @Test func metricsAreInPrometheusFormat() throws {
        var metrics = Metrics()
        metrics.endpoint(requests: [200: 3, 401: 1], streams: 2)
        let status = try JSONDocument(
            Array(
                #"{"version":"1","uptime_ms":1500,"connections":2,"in_flight":1,"providers":[{"name":"a\"b\\c","enabled":true,"breaker":{"state":"open","error_rate":0.5},"in_flight":1}],"caches":[{"name":"responses","entries":1,"hits":2,"misses":3}],"memory_bytes":4096,"database":{"bytes":9}}"#
                    .utf8)
        ).root
        let stats = try JSONDocument(
            Array(
                #"{"rows":[{"model":"m","requests":2,"errors":0,"cost_usd":null,"latency_ms":{"p50":1500.0,"p95":null}}]}"#
                    .utf8)
        ).root
        metrics.daemon(status: status, stats: stats)
        for line in [
            #"tandem_http_requests_total{code="200"} 3"#, "tandem_http_streams 2", "tandem_up 1",
            "tandem_uptime_seconds 1.5", #"tandem_provider_breaker{provider="a\"b\\c",state="open"} 1"#,
            #"tandem_provider_error_ratio{provider="a\"b\\c"} 0.5"#, #"tandem_cache_hits_total{cache="responses"} 2"#,
            #"tandem_requests_total{model="m"} 2"#,
            #"tandem_request_duration_seconds{model="m",quantile="0.5"} 1.5"#,
        ] { #expect(metrics.text.contains("\n" + line + "\n"), "\(line)") }
        #expect(!metrics.text.contains("cost_usd"), "a cost that is unknown is not zero")
        var down = Metrics()
        down.daemon(status: nil, stats: nil)
        #expect(down.text.hasSuffix("tandem_up 0\n"))
    }
}
