import TandemBase
import TandemService
import TandemTestSupport
import Testing

/// Random damage to good files: faults or a configuration, never a crash.
struct ConfigurationFuzzTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func damagedFilesAreReadOrRefused(seed: UInt64) throws {
        let home = try TemporaryHome()
        var random = SplitMix(state: seed)
        let originals = [
            Array(ConfigurationExample.uncomment(Configuration.defaultConfigurationFile).utf8),
            Array(ConfigurationExample.text.utf8),
        ]
        let pieces = [
            "[", "]", "{", "}", "\"", "'", "\"\"\"", "=", ".", "\n", "#", "\\u0000", "\u{FF}", ",", "-1", "1e999",
            "nan",
        ]
        var refused = 0
        for round in 0..<100 {
            var bytes = originals[round % 2]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: place)
                default:
                    let end = min(bytes.count, place + Int.random(in: 1...200, using: &random))
                    bytes.append(contentsOf: bytes[place..<end])
                }
            }
            try writeFile(home.path + "/f.toml", bytes, mode: 0o600)
            do {
                _ = try Configuration.load(
                    explicit: home.path + "/f.toml", environment: home.environment, runningKeyCommands: false)
            } catch {
                refused += 1
                #expect(!error.faults.isEmpty)
                #expect(error.faults.allSatisfy { !$0.message.isEmpty && $0.line > 0 })
            }
        }
        #expect(refused > 0)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
