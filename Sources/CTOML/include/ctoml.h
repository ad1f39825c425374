// toml++ behind a C interface: a document is parsed, flattened to a list of nodes, read, and freed.
// No exception leaves these functions and no C++ type appears here.
#ifndef TANDEM_CTOML_H
#define TANDEM_CTOML_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctoml_document ctoml_document;

enum {
    CTOML_TABLE = 0,
    CTOML_ARRAY = 1,
    CTOML_STRING = 2,
    CTOML_INTEGER = 3,
    CTOML_FLOAT = 4,
    CTOML_BOOLEAN = 5,
    CTOML_DATE_TIME = 6, ///< dates, times and both; the value itself is not handed out
};

/// One value. Lines and columns count from 1; columns count characters, not bytes.
typedef struct {
    int32_t kind;
    uint32_t children; ///< direct members of a table or array; they follow this node, depth first
    uint32_t line;
    uint32_t column;
    uint32_t key_line; ///< 0 for the root and for array elements
    uint32_t key_column;
    const char *key; ///< NULL for the root and for array elements; not NUL-terminated
    size_t key_length;
    const char *text; ///< strings only; not NUL-terminated
    size_t text_length;
    int64_t integer; ///< integers, and 0 or 1 for booleans
    double real;
} ctoml_node;

/// Parses a whole document; NULL only when memory is out. Nesting is limited, so that no input exhausts the stack.
ctoml_document *ctoml_parse(const char *bytes, size_t length);
void ctoml_free(ctoml_document *document);

/// What is wrong with the document and where; NULL when nothing is.
const char *ctoml_error(const ctoml_document *document, uint32_t *line, uint32_t *column);

/// The nodes, root first, members in the order of the source; valid until ctoml_free. Empty after an error.
const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
