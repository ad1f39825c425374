/// The migrations of `tandem.db`. A released one is never edited: a change is a new one at the end.
///
/// Times are milliseconds since 1970 (`*_at`), lengths of time milliseconds (`*_ms`), identifiers the 16 bytes of a
/// ULID. A request's key begins with its time, so a range of time is a range of keys and needs no index.
package enum LedgerSchema {
    package static let migrations = [first, second, third]

    private static let first = """
        CREATE TABLE requests (
            id BLOB PRIMARY KEY,
            started_at INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            user TEXT NOT NULL,
            session TEXT,
            method TEXT NOT NULL,
            model TEXT NOT NULL,
            workflow TEXT NOT NULL,
            arm TEXT,
            outcome TEXT NOT NULL,
            error_code INTEGER,
            error_message TEXT,
            finish_reason TEXT,
            cached INTEGER NOT NULL,
            escalated INTEGER NOT NULL,
            polished INTEGER NOT NULL,
            fallback INTEGER NOT NULL,
            stream INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL,
            estimated INTEGER NOT NULL,
            cost_usd REAL,
            saved_usd REAL,
            latency_ms REAL NOT NULL,
            first_token_ms REAL,
            answer_bytes INTEGER NOT NULL,
            has_code INTEGER NOT NULL,
            quality_issues TEXT,
            notices TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX requests_session ON requests (session, id) WHERE session IS NOT NULL;

        CREATE TABLE steps (
            request_id BLOB NOT NULL,
            idx INTEGER NOT NULL,
            role TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            status TEXT NOT NULL,
            error_kind TEXT,
            error_message TEXT,
            http_status INTEGER,
            cached INTEGER NOT NULL,
            latency_ms REAL NOT NULL,
            first_token_ms REAL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL,
            estimated INTEGER NOT NULL,
            cost_usd REAL,
            PRIMARY KEY (request_id, idx)
        ) STRICT, WITHOUT ROWID;

        -- Apart from requests, so that scans for statistics do not read it.
        CREATE TABLE request_contents (
            request_id BLOB NOT NULL UNIQUE,
            metadata TEXT,
            prompt TEXT,
            answer TEXT
        ) STRICT;

        CREATE TABLE feedback (
            request_id BLOB PRIMARY KEY,
            score REAL NOT NULL,
            comment TEXT,
            given_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            uid INTEGER NOT NULL,
            name TEXT NOT NULL,
            user TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            turns INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            UNIQUE (uid, name)
        ) STRICT;
        CREATE INDEX sessions_updated ON sessions (updated_at);

        CREATE TABLE session_turns (
            session_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            message TEXT NOT NULL,
            tokens INTEGER NOT NULL,
            PRIMARY KEY (session_id, idx)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE plans (
            id BLOB PRIMARY KEY,
            uid INTEGER NOT NULL,
            plan TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX plans_expiry ON plans (expires_at);

        CREATE TABLE provider_overrides (
            name TEXT PRIMARY KEY,
            enabled INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE state (
            key TEXT PRIMARY KEY,
            value BLOB NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        """

    private static let second = """
        CREATE TABLE cached_answers (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            cache TEXT NOT NULL,
            key BLOB NOT NULL,
            value BLOB NOT NULL,
            saved_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (cache, key)
        ) STRICT;
        CREATE INDEX cached_answers_expiry ON cached_answers (expires_at);
        """

    private static let third = "ALTER TABLE steps ADD COLUMN saved_usd REAL;"
}
