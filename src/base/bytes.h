/* bytes: little-endian loads and stores at any alignment, and a bounded reader for parsing files.
 * Values only; the reader borrows the buffer. Any thread. */
#ifndef CUPEL_BASE_BYTES_H
#define CUPEL_BASE_BYTES_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t le16(const void *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t le32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t le64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline void put_le16(void *p, uint16_t v) { memcpy(p, &v, 2); }
static inline void put_le32(void *p, uint32_t v) { memcpy(p, &v, 4); }
static inline void put_le64(void *p, uint64_t v) { memcpy(p, &v, 8); }
static inline uint32_t f32_bits(float f) { uint32_t u; memcpy(&u, &f, 4); return u; }
static inline float bits_f32(uint32_t u) { float f; memcpy(&f, &u, 4); return f; }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "cupel reads little-endian files on little-endian machines only"
#endif
#endif
