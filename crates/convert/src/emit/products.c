/* Two pixels by two channels: sums[0] and [1] are the pixels of the first channel, [2] and [3] those of the second. The
   second pixel lies `apart` bytes behind the first, the weights of the second channel `count` bytes behind the first's. */
#ifdef NN_DSP
#define NN_STEP                                      \
    "ldrd %[y0], %[y1], [%[x], %[apart]]\n\t"        \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"              \
    "ldr %[u], [%[w], %[count]]\n\t"                 \
    "sxtb16 %[t], %[u]\n\t"                          \
    "sxtb16 %[u], %[u], ror #8\n\t"                  \
    "smlad %[c], %[t], %[x0], %[c]\n\t"              \
    "smlad %[d], %[t], %[y0], %[d]\n\t"              \
    "smlad %[c], %[u], %[x1], %[c]\n\t"              \
    "smlad %[d], %[u], %[y1], %[d]\n\t"              \
    "ldr %[u], [%[w]], #4\n\t"                       \
    "sxtb16 %[t], %[u]\n\t"                          \
    "sxtb16 %[u], %[u], ror #8\n\t"                  \
    "smlad %[a], %[t], %[x0], %[a]\n\t"              \
    "smlad %[b], %[t], %[y0], %[b]\n\t"              \
    "smlad %[a], %[u], %[x1], %[a]\n\t"              \
    "smlad %[b], %[u], %[y1], %[b]\n\t"

/* The steps again and again until all of the first channel's weights are used. */
#define NN_LOOP(steps)                                                                                                \
    __asm__ volatile("1:\n\t" steps "cmp %[w], %[end]\n\t"                                                            \
                     "bne 1b\n\t"                                                                                     \
                     : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(x0),  \
                       [x1] "=&r"(x1), [y0] "=&r"(y0), [y1] "=&r"(y1), [t] "=&r"(t), [u] "=&r"(u)                     \
                     : [end] "r"(end), [apart] "i"(apart), [count] "i"(count)                                         \
                     : "cc", "memory")

NN_INLINE void nn_products(int32_t sums[4], const int8_t *x, const int32_t apart, const int8_t *w, const int32_t count)
{
    int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    if ((count <= 4092) && (apart <= 1016)) {
        const int8_t *end = w + count;
        uint32_t x0, x1, y0, y1, t, u;
        if ((count % 16) == 0) {
            NN_LOOP(NN_STEP NN_STEP NN_STEP NN_STEP);
        } else if ((count % 28) == 0) {
            NN_LOOP(NN_STEP NN_STEP NN_STEP NN_STEP NN_STEP NN_STEP NN_STEP);
        } else if ((count % 20) == 0) {
            NN_LOOP(NN_STEP NN_STEP NN_STEP NN_STEP NN_STEP);
        } else if ((count % 12) == 0) {
            NN_LOOP(NN_STEP NN_STEP NN_STEP);
        } else if ((count % 8) == 0) {
            NN_LOOP(NN_STEP NN_STEP);
        } else {
            NN_LOOP(NN_STEP);
        }
    } else {
        for (int32_t i = 0; i < count; i += 4) {
            const uint32_t u = nn_load32(w + i), v = nn_load32(w + count + i);
            const uint32_t u0 = nn_even(u), u1 = nn_odd(u), v0 = nn_even(v), v1 = nn_odd(v);
            const int8_t *y = x + apart;
            a = nn_both(u1, nn_load32(x + 2 * i + 4), nn_both(u0, nn_load32(x + 2 * i), a));
            b = nn_both(u1, nn_load32(y + 2 * i + 4), nn_both(u0, nn_load32(y + 2 * i), b));
            c = nn_both(v1, nn_load32(x + 2 * i + 4), nn_both(v0, nn_load32(x + 2 * i), c));
            d = nn_both(v1, nn_load32(y + 2 * i + 4), nn_both(v0, nn_load32(y + 2 * i), d));
        }
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}
#else
NN_INLINE void nn_products(int32_t sums[4], const int8_t *x, const int32_t apart, const int8_t *w, const int32_t count)
{
    int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (int32_t i = 0; i < count; i++) {
        a = nn_plus(a, x[i] * w[i]);
        b = nn_plus(b, x[apart + i] * w[i]);
        c = nn_plus(c, x[i] * w[count + i]);
        d = nn_plus(d, x[apart + i] * w[count + i]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}
#endif

/* All output channels of two pixels. An odd number of channels has weights and a row of the table to fill it up. */
NN_INLINE void nn_pixels(const int8_t *x, const int32_t apart, const int8_t *weights, const int32_t count,
                         const nn_channel *channels, const int32_t channel_count, int8_t *first, int8_t *second,
                         const int32_t channel_step, const int is_exact, const int32_t least, const int32_t most)
{
    for (int32_t i = 0; i < channel_count; i += 2) {
        int32_t sums[4] = {channels[0].bias, channels[0].bias, channels[1].bias, channels[1].bias};
        nn_products(sums, x, apart, weights, count);
        /* Read only now: the products leave no register for them. */
        const nn_channel p = channels[0], q = channels[1];
        second[0] = nn_quantised(sums[1], p.multiplier, p.rounding, p.shift, is_exact, least, most);
        first[0] = nn_quantised(sums[0], p.multiplier, p.rounding, p.shift, is_exact, least, most);
        if (((channel_count % 2) == 0) || (i + 1 < channel_count)) {
            second[channel_step] = nn_quantised(sums[3], q.multiplier, q.rounding, q.shift, is_exact, least, most);
            first[channel_step] = nn_quantised(sums[2], q.multiplier, q.rounding, q.shift, is_exact, least, most);
        }
        weights += 2 * count;
        channels += 2;
        first += 2 * channel_step;
        second += 2 * channel_step;
    }
}
