// SHA-256 from libcrypto.
#ifndef TANDEM_CCRYPTO_H
#define TANDEM_CCRYPTO_H
#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

/// Writes the 32 bytes of SHA-256 over `bytes`; 1 on success.
int ccrypto_sha256(const void *bytes, size_t length, uint8_t *digest);
#endif
