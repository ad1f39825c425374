import TandemPolicy
import Testing

@Suite struct SingleFlightTests {
    typealias Flights = SingleFlight<String, Int>

    static func ticket(_ joined: Flights.Joined) -> Flights.Ticket? {
        switch joined {
        case .lead(let ticket), .follow(let ticket): ticket
        case .full: nil
        }
    }

    @Test func followersShareOneCall() throws {
        var flights = Flights()
        let first = try #require(Self.ticket(flights.join("k", 1)))
        guard case .follow = flights.join("k", 2), case .follow = flights.join("k", 3),
            case .lead = flights.join("x", 9)
        else {
            Issue.record("more than one leader")
            return
        }
        #expect(flights.waiting(for: "k", first) == [1, 2, 3])
        #expect(flights.complete("k", first) == [1, 2, 3])
        #expect(flights.complete("k", first) == [])
        #expect(flights.count == 1)
        guard case .lead = flights.join("k", 4) else {
            Issue.record("a finished flight went on")
            return
        }
        #expect(flights.complete("k", first) == [], "an old ticket says nothing about a new flight")
        #expect(flights.leave("k", first) == .notWaiting)
    }

    @Test func theLastToLeaveCancels() throws {
        var flights = Flights()
        let tickets = try (1...3).map { try #require(Self.ticket(flights.join("k", $0))) }
        #expect(flights.leave("k", tickets[1]) == .continues)
        #expect(flights.leave("k", tickets[1]) == .notWaiting)
        #expect(flights.leave("k", tickets[0]) == .promoted(newLeader: 3))
        #expect(flights.leave("k", tickets[2]) == .cancelCall)
        #expect(flights.count == 0)
    }

    @Test func waitersAreBounded() {
        var flights = Flights()
        for waiter in 0..<Flights.maxWaiters { #expect(Self.ticket(flights.join("k", waiter)) != nil) }
        #expect(flights.join("k", -1) == .full)
        #expect(flights.waiters(for: "k") == Flights.maxWaiters)
    }

    @Test func agreesWithPlainLists() {
        struct Flight {
            var waiting: [Int]
            var leader: Int
        }
        var random = SeededRandom(9)
        var flights = Flights()
        var model: [String: Flight] = [:]
        var tickets: [Int: (key: String, ticket: Flights.Ticket)] = [:]
        for id in 0..<20_000 {
            let key = ["a", "b", "c"][Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let joined = flights.join(key, id)
                if case .lead = joined {
                    #expect(model[key] == nil)
                    model[key] = Flight(waiting: [], leader: id)
                } else {
                    #expect(model[key] != nil)
                }
                model[key]?.waiting.append(id)
                if let ticket = Self.ticket(joined) { tickets[id] = (key, ticket) }
            case 5..<9:
                guard let (waiter, place) = tickets.min(by: { $0.key * 7 % 31 < $1.key * 7 % 31 }) else { continue }
                tickets[waiter] = nil
                let left = flights.leave(place.key, place.ticket)
                model[place.key]?.waiting.removeAll { $0 == waiter }
                if let rest = model[place.key], let next = rest.waiting.first {
                    if rest.leader == waiter {
                        #expect(left == .promoted(newLeader: next))
                        model[place.key]?.leader = next
                    } else {
                        #expect(left == .continues)
                    }
                } else {
                    #expect(left == .cancelCall)
                    model[place.key] = nil
                }
            default:
                guard let flight = model.removeValue(forKey: key), let (_, ticket) = tickets[flight.leader] else {
                    #expect(flights.waiters(for: key) == 0)
                    continue
                }
                #expect(flights.complete(key, ticket) == flight.waiting)
                for waiter in flight.waiting { tickets[waiter] = nil }
            }
            #expect(flights.count == model.count)
        }
    }
}
