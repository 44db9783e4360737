/* One input of a sum: less its zero point, 2^20 times as fine, times a factor of at most 1/2. */
typedef struct {
    int32_t zero, multiplier, shift; /* shift: to the right */
} nn_term;

typedef struct {
    nn_term terms[2];
    int32_t multiplier, rounding, shift;
    int32_t least, most;
    int is_exact;
} nn_sum;

NN_INLINE int32_t nn_term_of(int8_t x, const nn_term *term)
{
    const int32_t centred = x - term->zero;
    if ((term->multiplier == (INT32_C(1) << 30)) && (term->shift == 0)) {
        return nn_shifted(centred, 19);
    }
    const int32_t high = nn_high(nn_shifted(centred, 20), term->multiplier);
    if (term->shift == 0) {
        return high;
    }
    return (high + (INT32_C(1) << (term->shift - 1)) + (high >> 31)) >> term->shift;
}

NN_INLINE void nn_add(const int8_t *a, const int8_t *b, int8_t *to, const int32_t count, const nn_sum *sum)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t terms = nn_term_of(a[i], &sum->terms[0]) + nn_term_of(b[i], &sum->terms[1]);
        to[i] = nn_quantised(terms, sum->multiplier, sum->rounding, sum->shift, sum->is_exact, sum->least, sum->most);
    }
}
