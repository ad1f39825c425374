/// Equal requests in flight share one upstream call. Whoever comes first leads and makes the call; the others follow.
/// The call belongs to all of them: it goes on as long as one waits, whoever began it, and is cancelled when the last
/// has left. Its end, answer or failure, is everybody's.
package struct SingleFlight<Key: Hashable, Waiter> {
    /// Waiters of one flight; the next one makes a call of its own.
    package static var maxWaiters: Int { 4096 }

    /// One waiter's place in one flight.
    package struct Ticket: Hashable, Sendable {
        fileprivate let flight: UInt64
        fileprivate let place: SlotList<Waiter>.Handle
    }

    package enum Joined: Hashable, Sendable {
        /// Make the call.
        case lead(Ticket)
        /// Wait for the leader's.
        case follow(Ticket)
        /// Too many wait already: make a call alone, and do not come back here.
        case full
    }

    package enum Left {
        /// Others still wait: the call goes on.
        case continues
        /// The leader left and `newLeader` is the first of those who wait: the call goes on in its name.
        case promoted(newLeader: Waiter)
        /// Nobody waits any more: cancel the call.
        case cancelCall
        /// The flight was over, or the waiter had left before.
        case notWaiting
    }

    fileprivate struct Flight {
        let number: UInt64
        var waiters = SlotList<Waiter>()
        var leader: SlotList<Waiter>.Handle?
    }

    fileprivate var flights: [Key: Flight] = [:]
    private var number: UInt64 = 0

    package init() {}

    package var count: Int { flights.count }

    /// How many wait for `key`, the leader included.
    package func waiters(for key: Key) -> Int { flights[key]?.waiters.count ?? 0 }

    package mutating func join(_ key: Key, _ waiter: Waiter) -> Joined {
        if let index = flights.index(forKey: key) {
            guard flights.values[index].waiters.count < Self.maxWaiters else { return .full }
            let place = flights.values[index].waiters.append(waiter)
            return .follow(Ticket(flight: flights.values[index].number, place: place))
        }
        number += 1
        var flight = Flight(number: number)
        let place = flight.waiters.append(waiter)
        flight.leader = place
        flights[key] = flight
        return .lead(Ticket(flight: number, place: place))
    }

    /// The waiter's request was cancelled or timed out.
    package mutating func leave(_ key: Key, _ ticket: Ticket) -> Left {
        guard let index = flights.index(forKey: key), flights.values[index].number == ticket.flight,
            flights.values[index].waiters.remove(ticket.place) != nil
        else { return .notWaiting }
        guard let first = flights.values[index].waiters.first else {
            flights.remove(at: index)
            return .cancelCall
        }
        guard flights.values[index].leader == ticket.place else { return .continues }
        flights.values[index].leader = flights.values[index].waiters.firstHandle
        return .promoted(newLeader: first)
    }

    /// The call ended, well or not: everybody who waits, in the order they came. `ticket` is anybody's of the flight;
    /// a flight that is over, or whose key has a new one, gives nobody.
    package mutating func complete(_ key: Key, _ ticket: Ticket) -> [Waiter] {
        guard let index = flights.index(forKey: key), flights.values[index].number == ticket.flight else { return [] }
        return Array(flights.remove(at: index).value.waiters)
    }

    /// Who waits now, in the order they came: for what a stream tells them on the way.
    package func waiting(for key: Key, _ ticket: Ticket) -> [Waiter] {
        guard let flight = flights[key], flight.number == ticket.flight else { return [] }
        return Array(flight.waiters)
    }
}

extension SingleFlight.Left: Sendable where Waiter: Sendable {}
extension SingleFlight.Left: Equatable where Waiter: Equatable {}
extension SingleFlight.Flight: Sendable where Key: Sendable, Waiter: Sendable {}
extension SingleFlight: Sendable where Key: Sendable, Waiter: Sendable {}
