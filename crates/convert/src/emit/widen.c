/* Bytes per value under a window: DSP instructions multiply 16-bit lanes. */
#ifdef NN_DSP
#define NN_WIDTH 2
#else
#define NN_WIDTH 1
#endif

/* `count` values, a multiple of 4, made ready for the products; in each group of four the DSP order is 0, 2, 1, 3. */
NN_INLINE int8_t *nn_widened(int8_t *to, const int8_t *from, const int32_t count)
{
    for (int32_t i = 0; i < count; i += 4) {
#ifdef NN_DSP
        const uint32_t word = nn_load32(from + i);
        nn_store32(to, nn_even(word));
        nn_store32(to + 4, nn_odd(word));
#else
        nn_store32(to, nn_load32(from + i));
#endif
        to += 4 * NN_WIDTH;
    }
    return to;
}

/* `count` times the same value, made ready for the products. */
NN_INLINE int8_t *nn_repeated(int8_t *to, const int32_t value, const int32_t count)
{
#ifdef NN_DSP
    const uint32_t lanes = ((uint32_t)value & 0xffffu) * 0x10001u;
#else
    const uint32_t lanes = ((uint32_t)value & 0xffu) * 0x1010101u;
#endif
    for (int32_t i = 0; i < count * NN_WIDTH; i += 4) {
        nn_store32(to, lanes);
        to += 4;
    }
    return to;
}
