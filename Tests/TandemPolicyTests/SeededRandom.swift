import TandemBase

/// SplitMix64: the same sequence in every run, so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

func seconds(_ count: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(count * 1e9)) }

let noon = WallTime(rfc3339: "2026-11-20T12:00:00Z") ?? WallTime(milliseconds: 0)
