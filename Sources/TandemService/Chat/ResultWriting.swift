import TandemBase
import TandemJSON
import TandemPolicy
import TandemProviders

// The members that several results share (PROTOCOL.md, section 4).
extension JSONWriter {
    mutating func member(_ name: StaticString, _ id: ULID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ULID.textLength) { text in
            id.write { text.initializeElement(at: $0, to: $1) }
            member(name, quoted: UnsafeBufferPointer(text))
        }
    }

    mutating func usage(_ usage: Usage) {
        key("usage")
        beginObject()
        member("prompt_tokens", usage.promptTokens)
        member("completion_tokens", usage.completionTokens)
        member("reasoning_tokens", usage.reasoningTokens)
        member("cached_tokens", usage.cachedTokens)
        member("estimated", usage.estimated)
        endObject()
    }

    /// null where a price is unknown.
    mutating func cost(_ usd: Double?) {
        key("cost_usd")
        if let usd { double(usd) } else { null() }
    }

    /// A span in fractional milliseconds, or null.
    mutating func milliseconds(_ name: StaticString, _ span: TimeSpan?) {
        if let span {
            member(name, millionths: Int(span.nanoseconds))
        } else {
            key(name)
            null()
        }
    }

    mutating func toolCalls(_ calls: [ToolCall]) {
        key("tool_calls")
        beginArray()
        for call in calls {
            beginObject()
            member("id", call.id ?? "")
            member("type", "function" as StaticString)
            key("function")
            beginObject()
            member("name", call.name ?? "")
            member("arguments", call.arguments)
            endObject()
            endObject()
        }
        endArray()
    }

    mutating func logprobs(_ tokens: [UInt8]) {
        key("logprobs")
        beginObject()
        key("content")
        beginArray()
        raw(tokens)
        endArray()
        endObject()
    }

    mutating func steps(_ steps: [StepTrace]) {
        key("steps")
        beginArray()
        for step in steps {
            beginObject()
            member("role", step.role.rawValue)
            member("provider", step.provider)
            member("model", step.model)
            member("status", step.status.rawValue)
            member("cached", step.cached)
            milliseconds("latency_ms", step.latency)
            milliseconds("first_token_ms", step.firstToken)
            usage(step.usage)
            cost(step.cost)
            if let failure = step.failure {
                key("error")
                beginObject()
                member("kind", failure.failure.kind)
                member("status", ifPresent: failure.status)
                member("message", failure.message)
                endObject()
            }
            endObject()
        }
        endArray()
    }

    mutating func notices(_ notices: [Notice]) {
        key("notices")
        beginArray()
        for notice in notices {
            beginObject()
            member("code", notice.code)
            member("message", notice.message)
            endObject()
        }
        endArray()
    }
}
