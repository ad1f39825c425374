import TandemBase
import Testing

@Suite struct ULIDTests {
    private let noon = WallTime(milliseconds: 1_795_176_000_000)

    @Test func itsTextIsReadBackInEitherCase() throws {
        var random = QuickRandom(seed: 1)
        for _ in 0..<1_000 {
            let id = ULID(time: WallTime(milliseconds: Int64(random.next() >> 16)), random: &random)
            #expect(ULID(id.description) == id && ULID(id.description.lowercased()) == id)
            #expect(id.description.utf8.count == 26)
        }
        // The specification's largest value, and what is no ULID.
        #expect(ULID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")?.description == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
        for text in [
            "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5F V",
        ] {
            #expect(ULID(text) == nil, "\(text)")
        }
    }

    /// As numbers, as text and as bytes of a database key they sort by the order they were made in, whatever the clock
    /// does.
    @Test func aSourcesIdsGrow() {
        var source = ULIDSource(random: QuickRandom(seed: 2))
        var last = source.next(at: noon).description
        for step in [0, 0, 0, 1, 0, -1, -999, 1, 0, 5, 0] as [Int64] {
            for _ in 0..<200 {
                let next = source.next(at: WallTime(milliseconds: noon.milliseconds + step)).description
                #expect(last < next)
                last = next
            }
        }
    }

    @Test func theRandomPartCarriesIntoTheNextMillisecond() {
        var random = QuickRandom(seed: 3)
        var last = ULID(time: noon, random: &random)
        last.high |= 0xFFFF
        last.low = .max
        var source = ULIDSource(after: last)
        let next = source.next(at: noon)
        #expect(next.time.milliseconds == noon.milliseconds + 1 && last.description < next.description)
        #expect(source.next(at: noon).description > next.description)
    }

    /// Ids carry the time of their request; a clock that was wrong by hours must not keep them there.
    @Test func aClockThatIsSetBackFarIsBelieved() {
        var source = ULIDSource(random: QuickRandom(seed: 4))
        #expect(source.next(at: noon).time == noon)
        let earlier = WallTime(milliseconds: noon.milliseconds - 3_600_000)
        #expect(source.next(at: earlier).time == earlier)
    }
}
