import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// nginx in front of a scripted upstream, with certificates of a CA made for the test.
private final class TLSServer: Sendable {
    /// What is right or wrong with a port's certificate.
    enum Certificate: String, CaseIterable { case good, expired, otherName, otherCA }

    let home: TemporaryHome
    let upstream: ScriptedUpstream
    private let ports: [Int]
    private let nginx: ChildProcess

    init(_ script: @escaping ScriptedUpstream.Script) throws {
        home = try TemporaryHome()
        upstream = try ScriptedUpstream(script: script)
        try home.write(
            "make",
            """
            set -e
            authority() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -subj /CN=$1 -days 2; }
            certificate() { # name, DNS name, CA, days
                openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$2
                echo "subjectAltName=DNS:$2" >$1.ext
                openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem
            }
            authority ca
            authority stranger
            certificate good localhost ca 2
            certificate expired localhost ca -1
            certificate otherName elsewhere.example ca 2
            certificate otherCA localhost stranger 2
            """)
        let make = try ChildProcess(
            ["/bin/sh", home.path + "/make"], environment: home.environment, folder: home.path)
        guard make.wait() == 0 else { throw RawClient.Failure(description: "openssl made no certificates") }

        // Free a moment ago: nginx cannot be handed a socket that listens without its master process.
        ports = try Certificate.allCases.map { _ in boundPort(try openListener(.loopback)) }
        var servers = ""
        for (port, certificate) in zip(ports, Certificate.allCases) {
            servers += """
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(home.path)/\(certificate.rawValue).pem;
                    ssl_certificate_key \(home.path)/\(certificate.rawValue).key;
                    location / { proxy_pass http://127.0.0.1:\(upstream.port); }
                }

                """
        }
        let configuration = try home.write(
            "nginx.conf",
            """
            daemon off;
            master_process off;
            pid \(home.path)/nginx.pid;
            error_log \(home.path)/error.log;
            events { worker_connections 256; }
            http {
                log_format short '$server_protocol $connection $status';
                access_log \(home.path)/access.log short;
                proxy_buffering off;
                proxy_http_version 1.1;
                client_body_temp_path \(home.path)/body;
                proxy_temp_path \(home.path)/proxy;
                fastcgi_temp_path \(home.path)/fastcgi;
                uwsgi_temp_path \(home.path)/uwsgi;
                scgi_temp_path \(home.path)/scgi;
            \(servers)}
            """)
        let program = access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : "/usr/bin/nginx"
        nginx = try ChildProcess(
            [program, "-e", home.path + "/start.log", "-c", configuration], environment: home.environment,
            folder: home.path)
        let started = home.path + "/nginx.pid"
        guard eventually({ access(started, R_OK) == 0 }) else {
            throw RawClient.Failure(description: "nginx does not start: \((try? home.read("start.log")) ?? "")")
        }
    }

    deinit { nginx.stop() }

    func url(_ certificate: Certificate) -> String {
        "https://localhost:\(ports[Certificate.allCases.firstIndex(of: certificate) ?? 0])/v1"
    }

    /// Protocol, connection and status of each request.
    var requests: [[Substring]] {
        let log = (try? home.read("access.log")) ?? ""
        return log.split(separator: "\n").map { $0.split(separator: " ") }
    }
}

/// Providers over TLS, against a server nobody here wrote.
@Suite struct TLSTests {
    private static let key = "sk-tls-0123456789abcdef"

    private func daemon(_ server: TLSServer, trusting file: String = "ca.pem") throws -> DaemonProcess {
        var config = "default_model = \"good\"\n"
        for certificate in TLSServer.Certificate.allCases {
            config += """
                [providers.\(certificate.rawValue)]
                kind = "openai"
                base_url = "\(server.url(certificate))"
                api_key = { env = "TLS_KEY" }
                connect_timeout = "10s"
                [models.\(certificate.rawValue)]
                provider = "\(certificate.rawValue)"
                model = "m"

                """
        }
        return try DaemonProcess(
            config: config, environment: ["TLS_KEY": Self.key, "SSL_CERT_FILE": server.home.path + "/" + file])
    }

    private func chat(_ model: String, stream: Bool = false) -> String {
        "{\"model\":\"\(model)\",\"stream\":\(stream),\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
    }

    @Test func manyRequestsShareOneConnectionOfHTTP2() throws {
        let server = try TLSServer { request in
            request.text.contains("\"stream\":true") ? .stream(["over ", "TLS"]) : .chat("over TLS")
        }
        let daemon = try daemon(server)
        let client = try daemon.client()
        #expect(try Answer(client.call("chat", chat("good")))["content"]?.string == "over TLS")
        for id in 0..<40 { try client.send(RawClient.request("chat", chat("good", stream: id % 2 == 0), id: "\(id)")) }
        var ended = 0
        while ended < 40 {
            let answer = try Answer(client.next())
            guard answer.root["id"] != nil else { continue }
            #expect(answer["content"]?.string == "over TLS", "\(answer.text)")
            ended += 1
        }
        #expect(eventually { server.requests.count == 41 })
        #expect(Set(server.requests.map { $0[0] }) == ["HTTP/2.0"])
        #expect(Set(server.requests.map { $0[1] }).count == 1, "one connection")
        #expect(server.upstream.requests.allSatisfy { $0.header("authorization") == "Bearer \(Self.key)" })
    }

    @Test func aCertificateThatDoesNotProveTheServerIsRefused() throws {
        let server = try TLSServer { _ in .chat("never") }
        let daemon = try daemon(server)
        let client = try daemon.client()
        for (certificate, words) in [
            (TLSServer.Certificate.expired, "expired"), (.otherName, "another name"), (.otherCA, "not trusted"),
        ] {
            let answer = try Answer(client.call("chat", chat(certificate.rawValue)))
            #expect(answer.code == -32002 && answer.data?["attempts"]?.count == 1, "\(answer.text)")
            let attempt = answer.data?["attempts"]?[0]
            #expect(attempt?["kind"]?.string == "tls" && attempt?["status"]?.int == nil, "\(answer.text)")
            #expect(attempt?["message"]?.string?.contains(words) == true, "\(answer.text)")
            #expect(!answer.text.contains(Self.key))
        }
        #expect(server.upstream.requests.isEmpty && server.requests.isEmpty, "nothing was sent")
        #expect(!daemon.log.contains(Self.key))
        // The same server is fine for who trusts its CA, and only for them.
        let other = try self.daemon(server, trusting: "stranger.pem")
        let refused = try Answer(other.client().call("chat", chat("good")))
        #expect(refused.data?["attempts"]?[0]?["kind"]?.string == "tls", "\(refused.text)")
        #expect(try Answer(other.client().call("chat", chat("otherCA")))["content"]?.string == "never")
    }
}
