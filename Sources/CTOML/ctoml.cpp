#include "ctoml.h"

// An assertion of the parser's must not end the process: the same conditions are reported as errors without it.
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32

#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Nothing in a configuration is nested deeper than six tables.
constexpr int depth_limit = 32;

// Dots outside strings and comments in one line. toml++ builds one table per part of a dotted key and frees them
// recursively, so a key of a million parts would overflow the stack.
constexpr int dots_per_line_limit = 64;

struct failure {
    std::string message;
    uint32_t line;
    uint32_t column;
};

// Finds the first line with too many dots; understands just enough of TOML to leave strings and comments alone.
bool find_deep_key(std::string_view text, failure &found) {
    uint32_t line = 1;
    int dots = 0;
    size_t index = 0;
    auto starts = [&](const char *mark) { return text.substr(index, 3) == mark; };
    while (index < text.size()) {
        const char character = text[index];
        if (character == '\n') {
            line++;
            dots = 0;
            index++;
        } else if (character == '#') {
            while (index < text.size() && text[index] != '\n') index++;
        } else if (character == '"' || character == '\'') {
            const bool multiline = starts(character == '"' ? "\"\"\"" : "'''");
            index += multiline ? 3 : 1;
            while (index < text.size()) {
                if (text[index] == '\n') {
                    if (!multiline) break;
                    line++;
                }
                if (character == '"' && text[index] == '\\' && index + 1 < text.size() && text[index + 1] != '\n') {
                    index += 2;
                } else if (multiline && starts(character == '"' ? "\"\"\"" : "'''")) {
                    index += 3;
                    break;
                } else if (!multiline && text[index] == character) {
                    index++;
                    break;
                } else {
                    index++;
                }
            }
        } else {
            if (character == '.' && ++dots > dots_per_line_limit) {
                found = {"a key is nested too deeply", line, 1};
                return true;
            }
            index++;
        }
    }
    return false;
}

} // namespace

struct ctoml_document {
    toml::table root;
    std::vector<ctoml_node> nodes;
    failure error{};
    bool failed = false;

    void fail(failure reason) {
        failed = true;
        error = std::move(reason);
        nodes.clear();
    }

    void add(const toml::node &node, const toml::key *key, int depth) {
        const auto &at = node.source().begin;
        if (depth > depth_limit) throw failure{"a value is nested too deeply", at.line, at.column};
        ctoml_node flat{};
        flat.line = at.line;
        flat.column = at.column;
        if (key) {
            flat.key = key->str().data();
            flat.key_length = key->str().size();
            flat.key_line = key->source().begin.line;
            flat.key_column = key->source().begin.column;
        }
        switch (node.type()) {
        case toml::node_type::table: flat.kind = CTOML_TABLE; break;
        case toml::node_type::array: flat.kind = CTOML_ARRAY; break;
        case toml::node_type::string: {
            const std::string &text = node.as_string()->get();
            flat.kind = CTOML_STRING;
            flat.text = text.data();
            flat.text_length = text.size();
            break;
        }
        case toml::node_type::integer:
            flat.kind = CTOML_INTEGER;
            flat.integer = node.as_integer()->get();
            break;
        case toml::node_type::floating_point:
            flat.kind = CTOML_FLOAT;
            flat.real = node.as_floating_point()->get();
            break;
        case toml::node_type::boolean:
            flat.kind = CTOML_BOOLEAN;
            flat.integer = node.as_boolean()->get() ? 1 : 0;
            break;
        default: flat.kind = CTOML_DATE_TIME; break;
        }
        if (const auto *array = node.as_array()) {
            flat.children = static_cast<uint32_t>(array->size());
            nodes.push_back(flat);
            for (const auto &element : *array) add(element, nullptr, depth + 1);
        } else if (const auto *table = node.as_table()) {
            flat.children = static_cast<uint32_t>(table->size());
            nodes.push_back(flat);
            add_members(*table, depth);
        } else {
            nodes.push_back(flat);
        }
    }

    // toml++ keeps members sorted by name; the order of the source is what people expect to count.
    void add_members(const toml::table &table, int depth) {
        std::vector<std::pair<const toml::key *, const toml::node *>> members;
        members.reserve(table.size());
        for (const auto &[key, value] : table) members.emplace_back(&key, &value);
        std::stable_sort(members.begin(), members.end(), [](const auto &left, const auto &right) {
            const auto &a = left.first->source().begin;
            const auto &b = right.first->source().begin;
            return a.line != b.line ? a.line < b.line : a.column < b.column;
        });
        for (const auto &[key, value] : members) add(*value, key, depth + 1);
    }
};

ctoml_document *ctoml_parse(const char *bytes, size_t length) {
    auto *document = new (std::nothrow) ctoml_document;
    if (!document) return nullptr;
    try {
        const std::string_view text(bytes, length);
        failure deep;
        if (find_deep_key(text, deep)) {
            document->fail(std::move(deep));
        } else {
            document->root = toml::parse(text);
            document->add(document->root, nullptr, 0);
        }
    } catch (const toml::parse_error &error) {
        const auto &at = error.source().begin;
        document->fail({std::string(error.description()), at.line, at.column});
    } catch (failure &reason) {
        document->fail(std::move(reason));
    } catch (const std::exception &error) {
        document->fail({error.what(), 1, 1});
    } catch (...) {
        document->fail({"the document cannot be read", 1, 1});
    }
    return document;
}

void ctoml_free(ctoml_document *document) { delete document; }

const char *ctoml_error(const ctoml_document *document, uint32_t *line, uint32_t *column) {
    if (!document->failed) return nullptr;
    *line = document->error.line;
    *column = document->error.column;
    return document->error.message.c_str();
}

const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count) {
    *count = document->nodes.size();
    return document->nodes.data();
}
