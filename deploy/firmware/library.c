/* What compilers call of a library, for those that come without one. A volatile pointer keeps them from seeing that a loop here
   is the very function that it is in. */
#include <stddef.h>
#include <stdint.h>

#include "string.h"

static void forwards(int8_t *to, const int8_t *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((volatile int8_t *)to)[i] = from[i];
    }
}

static void either_way(int8_t *to, const int8_t *from, size_t bytes)
{
    if (to <= from) {
        forwards(to, from, bytes);
        return;
    }
    for (size_t i = bytes; i > 0u; i--) {
        ((volatile int8_t *)to)[i - 1u] = from[i - 1u];
    }
}

static void fill(int8_t *to, int8_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((volatile int8_t *)to)[i] = value;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    forwards(to, from, bytes);
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    either_way(to, from, bytes);
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    fill(to, (int8_t)value, bytes);
    return to;
}

#if defined(__arm__)
/* The names of Arm's run-time ABI. A call of `memcpy` from here would be made a call of these. */
void __aeabi_memcpy(void *to, const void *from, size_t bytes)
{
    forwards(to, from, bytes);
}

void __aeabi_memmove(void *to, const void *from, size_t bytes)
{
    either_way(to, from, bytes);
}

/* Its last two arguments stand the other way round. */
void __aeabi_memset(void *to, size_t bytes, int value)
{
    fill(to, (int8_t)value, bytes);
}

void __aeabi_memclr(void *to, size_t bytes)
{
    fill(to, 0, bytes);
}

/* The same on words and pairs of words. */
#define ALIAS(name) __attribute__((alias(#name)))
void __aeabi_memcpy4(void *to, const void *from, size_t bytes) ALIAS(__aeabi_memcpy);
void __aeabi_memcpy8(void *to, const void *from, size_t bytes) ALIAS(__aeabi_memcpy);
void __aeabi_memmove4(void *to, const void *from, size_t bytes) ALIAS(__aeabi_memmove);
void __aeabi_memmove8(void *to, const void *from, size_t bytes) ALIAS(__aeabi_memmove);
void __aeabi_memset4(void *to, size_t bytes, int value) ALIAS(__aeabi_memset);
void __aeabi_memset8(void *to, size_t bytes, int value) ALIAS(__aeabi_memset);
void __aeabi_memclr4(void *to, size_t bytes) ALIAS(__aeabi_memclr);
void __aeabi_memclr8(void *to, size_t bytes) ALIAS(__aeabi_memclr);

/* A Cortex-M0+ multiplies 32 bits by 32 bits to 32 bits only, and shifts no more than that. */
#define LOW(value) ((uint32_t)(value))
#define HIGH(value) ((uint32_t)((value) >> 32))
#define PAIR(high, low) (((uint64_t)(high) << 32) | (low))

uint64_t __aeabi_lmul(uint64_t a, uint64_t b)
{
    const uint32_t a0 = LOW(a) & 0xFFFFu;
    const uint32_t a1 = LOW(a) >> 16;
    const uint32_t b0 = LOW(b) & 0xFFFFu;
    const uint32_t b1 = LOW(b) >> 16;
    const uint32_t low = a0 * b0;
    const uint32_t first = (a1 * b0) + (low >> 16);
    const uint32_t second = (a0 * b1) + (first & 0xFFFFu);
    const uint32_t high = (a1 * b1) + (first >> 16) + (second >> 16);
    return PAIR(high + (HIGH(a) * LOW(b)) + (LOW(a) * HIGH(b)), (second << 16) | (low & 0xFFFFu));
}

/* Nor does it divide. The quotient, and the remainder behind it. */
uint64_t __aeabi_uidivmod(uint32_t a, uint32_t b)
{
    uint32_t quotient = 0u;
    uint32_t rest = 0u;
    for (int bit = 31; bit >= 0; bit--) {
        rest = (rest << 1) | ((a >> bit) & 1u);
        if (rest >= b) {
            rest -= b;
            quotient |= (uint32_t)1 << bit;
        }
    }
    return PAIR(rest, quotient);
}

uint32_t __aeabi_uidiv(uint32_t a, uint32_t b)
{
    return LOW(__aeabi_uidivmod(a, b));
}

uint64_t __aeabi_idivmod(int32_t a, int32_t b)
{
    const uint64_t both = __aeabi_uidivmod((a < 0) ? 0u - (uint32_t)a : (uint32_t)a, (b < 0) ? 0u - (uint32_t)b : (uint32_t)b);
    const uint32_t quotient = ((a < 0) != (b < 0)) ? 0u - LOW(both) : LOW(both);
    return PAIR((a < 0) ? 0u - HIGH(both) : HIGH(both), quotient);
}

int32_t __aeabi_idiv(int32_t a, int32_t b)
{
    return (int32_t)LOW(__aeabi_idivmod(a, b));
}

uint64_t __aeabi_llsl(uint64_t value, int by)
{
    const uint32_t low = LOW(value);
    if (by >= 32) {
        return PAIR(low << (by - 32), 0u);
    }
    return (by == 0) ? value : PAIR((HIGH(value) << by) | (low >> (32 - by)), low << by);
}

uint64_t __aeabi_llsr(uint64_t value, int by)
{
    const uint32_t high = HIGH(value);
    if (by >= 32) {
        return high >> (by - 32);
    }
    return (by == 0) ? value : PAIR(high >> by, (LOW(value) >> by) | (high << (32 - by)));
}

int64_t __aeabi_lasr(int64_t value, int by)
{
    const int32_t high = (int32_t)HIGH((uint64_t)value);
    if (by >= 32) {
        return high >> (by - 32);
    }
    if (by == 0) {
        return value;
    }
    return (int64_t)PAIR((uint32_t)(high >> by), (LOW((uint64_t)value) >> by) | ((uint32_t)high << (32 - by)));
}
#endif
